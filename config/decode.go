package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// converters makes a value of a type from what the file holds (TOML's own
// types) or from a string of the environment. What none of them takes is
// refused: mapstructure alone would cut 2.7 down to 2 and read 5 as 5ns.
var converters = map[reflect.Type]func(any) (any, error){
	reflect.TypeFor[string]():        toString,
	reflect.TypeFor[Secret]():        toString,
	reflect.TypeFor[bool]():          toBool,
	reflect.TypeFor[int]():           toInt,
	reflect.TypeFor[float64]():       toFloat,
	reflect.TypeFor[time.Duration](): toDuration,
	reflect.TypeFor[[]string]():      toList,
}

// convert is the decode hook.
func convert(from, to reflect.Type, data any) (any, error) {
	f, ok := converters[to]
	if !ok || from == to {
		return data, nil
	}
	return f(data)
}

func toString(data any) (any, error) {
	if s, ok := data.(string); ok {
		return s, nil
	}
	return nil, fmt.Errorf(`needs a text in quotes, not %v`, data)
}

func toBool(data any) (any, error) {
	switch x := data.(type) {
	case bool:
		return x, nil
	case string:
		if x == "true" || x == "false" {
			return x == "true", nil
		}
	}
	return nil, fmt.Errorf("needs true or false, not %v", show(data))
}

func toInt(data any) (any, error) {
	switch x := data.(type) {
	case int64:
		if int64(int(x)) == x {
			return int(x), nil
		}
	case string:
		if n, err := strconv.Atoi(x); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("needs a whole number, not %v", show(data))
}

func toFloat(data any) (any, error) {
	switch x := data.(type) {
	case int64:
		return float64(x), nil
	case float64:
		return x, nil
	case string:
		if n, err := strconv.ParseFloat(x, 64); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("needs a number, not %v", show(data))
}

func toDuration(data any) (any, error) {
	switch x := data.(type) {
	case int64:
		if x == 0 {
			return time.Duration(0), nil
		}
	case string:
		if d, err := time.ParseDuration(x); err == nil {
			return d, nil
		}
	}
	return nil, fmt.Errorf(`needs a time with a unit, such as "90s" or "5m", not %v`, show(data))
}

// toList takes one text, parted at commas and spaces, or a list of texts, which
// are then taken as they are.
func toList(data any) (any, error) {
	switch x := data.(type) {
	case string:
		return strings.FieldsFunc(x, func(r rune) bool { return r == ',' || r == ' ' }), nil
	case []any:
		return x, nil
	}
	return nil, fmt.Errorf("needs a text or a list of texts, not %v", show(data))
}

// show prints a text with its quotes, so that "5" and 5 look different.
func show(data any) any {
	if s, ok := data.(string); ok {
		return strconv.Quote(s)
	}
	return data
}
