package toc

import (
	"strconv"
	"strings"
)

// parseConfig reads the body of CONFIG2 (`g:name`) or CONFIG (`g name`, perhaps
// in braces), ref 4.3. Unknown keys are ignored, as are lines that say nothing.
func parseConfig(v2 bool, body string) Config {
	c := Config{V2: v2}
	sep := ":"
	if !v2 {
		sep = " "
		body = strings.TrimSpace(body)
		body = strings.TrimSuffix(strings.TrimPrefix(body, "{"), "}")
	}
	body = strings.ReplaceAll(body, "\r", "")
	for l := range strings.SplitSeq(body, "\n") {
		key, val, _ := strings.Cut(l, sep)
		if key == "done" {
			break
		}
		if set := configKeys[key]; set != nil {
			if !c.V2 { // spaces separate there, so none at the ends is meant
				val = strings.TrimSpace(val)
			}
			set(&c, val)
		}
	}
	return c
}

var configKeys = map[string]func(c *Config, val string){
	"g": func(c *Config, val string) { c.Groups = append(c.Groups, Group{Name: val}) },
	"b": (*Config).addBuddy,
	"a": (*Config).addBuddy, // an ICQ buddy on AOL
	"m": func(c *Config, val string) {
		if m, err := strconv.Atoi(val); err == nil && 1 <= m && m <= 5 {
			c.Mode = PDMode(m)
		}
	},
	"p": func(c *Config, val string) { c.Permit = addName(c.Permit, val) },
	"d": func(c *Config, val string) { c.Deny = addName(c.Deny, val) },
}

func addName(names []ScreenName, val string) []ScreenName {
	if val = strings.TrimRight(val, ":"); val == "" { // AOL closed with colons
		return names
	}
	return append(names, ScreenName(val))
}

// addBuddy reads `name[:alias][:::::note]`. The note is the sixth or seventh
// field, depending on whether there is an alias, and AOL had further fields:
// the last that is not empty counts.
func (c *Config) addBuddy(val string) {
	var b Buddy
	if c.V2 {
		name, rest, _ := strings.Cut(val, ":")
		alias, rest, _ := strings.Cut(rest, ":")
		rest = strings.TrimRight(rest, ":")
		b = Buddy{Name: ScreenName(name), Alias: alias, Note: rest[strings.LastIndexByte(rest, ':')+1:]}
	} else {
		b.Name = ScreenName(val)
	}
	if b.Name.Key() == "" {
		return
	}
	if len(c.Groups) == 0 {
		c.Groups = append(c.Groups, Group{})
	}
	g := &c.Groups[len(c.Groups)-1]
	g.Buddies = append(g.Buddies, b)
}

// Append keeps the order of the live server: lists and mode before the groups.
func (c Config) Append(dst []byte) []byte {
	dst = append(dst, "CONFIG2:"...)
	sep := byte(':')
	if !c.V2 {
		dst = append(dst[:len(dst)-2], ':')
		sep = ' '
	}
	item := func(key byte, val string) { dst = append(append(dst, key, sep), val...) }
	for _, n := range c.Deny {
		item('d', string(n)+"\n")
	}
	if c.Mode != 0 {
		item('m', strconv.Itoa(int(c.Mode))+"\n")
	}
	for _, n := range c.Permit {
		item('p', string(n)+"\n")
	}
	for _, g := range c.Groups {
		item('g', g.Name+"\n")
		for _, b := range g.Buddies {
			item('b', string(b.Name))
			if c.V2 {
				dst = b.appendDetails(dst)
			}
			dst = append(dst, '\n')
		}
	}
	if c.V2 {
		dst = append(dst, "done:\n"...)
	}
	return dst
}

func (b Buddy) appendDetails(dst []byte) []byte {
	if b.Alias != "" {
		dst = append(append(dst, ':'), b.Alias...)
	}
	if b.Note != "" {
		dst = append(append(dst, ":::::"...), b.Note...)
	}
	return dst
}
