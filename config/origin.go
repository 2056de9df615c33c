package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A KeyError is one fault in the configuration: where it was written, which key
// it concerns and what is wrong with it.
type KeyError struct {
	Origin string // "file:line", "--flag", a variable's name, or empty
	Key    string // section.name
	Err    error
}

func (e *KeyError) Error() string {
	if e.Origin == "" {
		return fmt.Sprintf("%s: %v", e.Key, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", e.Origin, e.Key, e.Err)
}

func (e *KeyError) Unwrap() error { return e.Err }

// An entry is a key or a table header as it stands in a file.
type entry struct {
	path  []string
	line  int
	kind  unstable.Kind // of the value, or Table or ArrayTable
	table bool
}

func (e entry) key() string { return strings.Join(e.path, ".") }

// entries lists the keys of a TOML text, which viper has parsed before and
// found good; viper keeps neither lines nor empty tables.
func entries(text []byte) []entry {
	var (
		list   []entry
		prefix []string
		p      unstable.Parser
	)
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			path, line := keyPath(&p, e)
			prefix = path
			list = append(list, entry{path, line, e.Kind, true})
		case unstable.KeyValue:
			list = appendPair(list, &p, prefix, e)
		}
	}
	return list
}

func appendPair(list []entry, p *unstable.Parser, prefix []string, e *unstable.Node) []entry {
	path, line := keyPath(p, e)
	path = slices.Concat(prefix, path)
	if e.Value().Kind != unstable.InlineTable {
		return append(list, entry{path, line, e.Value().Kind, false})
	}
	list = append(list, entry{path, line, unstable.Table, true})
	for it := e.Value().Children(); it.Next(); {
		list = appendPair(list, p, path, it.Node())
	}
	return list
}

// keyPath returns the parts of a dotted key and the line of the first.
func keyPath(p *unstable.Parser, e *unstable.Node) (path []string, line int) {
	for it := e.Key(); it.Next(); {
		n := it.Node()
		if line == 0 {
			line = p.Shape(n.Raw).Start.Line
		}
		path = append(path, string(n.Data))
	}
	return path, line
}

// origins knows where the value of each key came from.
type origins map[string]string // by field.key()

// fromFile adds the lines of a file and returns a fault for every key or table
// in it that does not exist.
func (o origins) fromFile(name string, text []byte, known []field) []error {
	var faults []error
	for _, e := range entries(text) {
		at := fmt.Sprintf("%s:%d", name, e.line)
		if err := checkEntry(e, known); err != nil {
			faults = append(faults, &KeyError{at, e.key(), err})
		} else if !e.table {
			o[e.key()] = at
		}
	}
	return faults
}

func checkEntry(e entry, known []field) error {
	isSection := len(e.path) == 1 && slices.ContainsFunc(known, func(f field) bool { return f.section == e.path[0] })
	isKey := len(e.path) == 2 && slices.ContainsFunc(known, func(f field) bool { return f.section == e.path[0] && f.name == e.path[1] })
	switch {
	case isSection && e.kind == unstable.Table, isKey && !e.table:
		return nil
	case isSection:
		return fmt.Errorf("is a section: write [%s]", e.path[0])
	case isKey:
		return fmt.Errorf("is a value, not a section")
	case e.table:
		return fmt.Errorf("no such section")
	}
	return fmt.Errorf("no such key")
}

// fromEnv adds the variables that are set (an empty one counts as unset) and
// returns a fault for each that begins like one of ours but names no key. Other
// TOCBRIDGE_ variables are not ours: Kubernetes makes some up from the name of
// a service.
func (o origins) fromEnv(environ []string, known []field) []error {
	var faults []error
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		i := slices.IndexFunc(known, func(f field) bool { return f.env() == name })
		switch {
		case i >= 0 && value != "":
			o[known[i].key()] = name
		case i < 0 && ownVariable(name, known):
			faults = append(faults, fmt.Errorf("%s: no such key (environment)", name))
		}
	}
	return faults
}

func ownVariable(name string, known []field) bool {
	return slices.ContainsFunc(known, func(f field) bool {
		return strings.HasPrefix(name, envPrefix+strings.ToUpper(f.section)+"_")
	})
}

// name gives a fault about a key its origin.
func (o origins) name(key string, err error) error {
	return &KeyError{o[key], key, err}
}
