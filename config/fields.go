package config

import (
	"reflect"
	"strings"
)

// delimiter parts section and name inside viper. Neither contains it, nor does
// anything a user could write as part of a name (a dot could).
const delimiter = "::"

const envPrefix = "TOCBRIDGE_"

// A field is one key and its place in a Config.
type field struct {
	section, name string
	value         reflect.Value
}

func (f field) key() string      { return f.section + "." + f.name }
func (f field) viperKey() string { return f.section + delimiter + f.name }
func (f field) env() string {
	return envPrefix + strings.ToUpper(f.section+"_"+f.name)
}

// fields lists every key of a Config in the order of the struct; the values can
// be set when c is a pointer's target.
func fields(c *Config) []field {
	var list []field
	top := reflect.ValueOf(c).Elem()
	for i := range top.NumField() {
		section := top.Type().Field(i).Tag.Get("mapstructure")
		inner := top.Field(i)
		for j := range inner.NumField() {
			name := inner.Type().Field(j).Tag.Get("mapstructure")
			list = append(list, field{section, name, inner.Field(j)})
		}
	}
	return list
}
