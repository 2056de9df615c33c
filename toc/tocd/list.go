package tocd

import (
	"slices"
	"strings"

	"tocbridge/toc"
)

// list is the stored list of an account, what CONFIG2 shows.
type list struct {
	mode         toc.PDMode // 0: never set
	permit, deny []string   // keys
	groups       []*group
}

// group is one group; names are compared as they are, case and all.
type group struct {
	name    string
	entries []entry
}

// entry is a buddy in a group.
type entry struct{ key, alias, note string }

func (l *list) group(name string) *group {
	for _, g := range l.groups {
		if g.name == name {
			return g
		}
	}
	return nil
}

func (g *group) find(key string) int {
	return slices.IndexFunc(g.entries, func(e entry) bool { return e.key == key })
}

// config prints the list as a client gets it at sign-on.
func (l *list) config() toc.Config {
	c := toc.Config{V2: true, Mode: l.mode, Permit: screenNames(l.permit), Deny: screenNames(l.deny)}
	for _, g := range l.groups {
		buddies := make([]toc.Buddy, len(g.entries))
		for i, e := range g.entries {
			buddies[i] = toc.Buddy{Name: toc.ScreenName(e.key), Alias: e.alias, Note: e.note}
		}
		c.Groups = append(c.Groups, toc.Group{Name: g.name, Buddies: buddies})
	}
	return c
}

func screenNames(keys []string) []toc.ScreenName {
	out := make([]toc.ScreenName, len(keys))
	for i, k := range keys {
		out[i] = toc.ScreenName(k)
	}
	return out
}

// put adds an entry to a group or changes the one that is there. It reports
// whether anything changed, and whether the entry is new.
func (s *Server) put(a *account, g *group, e entry) (changed, added bool) {
	switch i := g.find(e.key); {
	case i < 0:
		e = entry{s.intern(e.key), strings.Clone(e.alias), strings.Clone(e.note)}
		g.entries = append(g.entries, e)
		s.relate(a, e.key, func(r *relation) { r.stored++ })
		return true, true
	case g.entries[i] == e:
		return false, false
	default:
		g.entries[i] = entry{g.entries[i].key, strings.Clone(e.alias), strings.Clone(e.note)}
		return true, false
	}
}

// take removes an entry from a group.
func (s *Server) take(a *account, g *group, key string) bool {
	i := g.find(key)
	if i < 0 {
		return false
	}
	g.entries = slices.Delete(g.entries, i, i+1)
	s.relate(a, key, func(r *relation) { r.stored-- })
	return true
}
