package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A model is what an account should have, kept in the simplest way.
type model struct {
	entries []Entry // sorted by id
	state   map[string]map[string]string
	latest  string
}

func (m *model) append(e Entry) {
	m.latest = max(m.latest, e.ID)
	for _, old := range m.entries {
		if old.ID == e.ID && old.Target == e.Target {
			return
		}
	}
	m.entries = append(m.entries, e)
	slices.SortStableFunc(m.entries, func(a, b Entry) int { return strings.Compare(a.ID, b.ID) })
}

// filter is the entries that fit.
func (m *model) filter(fits func(Entry) bool) (list []Entry) {
	for _, e := range m.entries {
		if fits(e) {
			list = append(list, e)
		}
	}
	return list
}

func (m *model) has(target, id string) bool {
	return len(m.filter(func(e Entry) bool { return e.Target == target && e.ID == id })) > 0
}

func newestOf(list []Entry, limit int, newest bool) []Entry {
	switch {
	case limit <= 0 || len(list) <= limit:
		return list
	case newest:
		return list[len(list)-limit:]
	}
	return list[:limit]
}

func later(e Entry, p Point) bool {
	switch {
	case p.ID != "":
		return e.ID > p.ID
	case p.Time.IsZero():
		return true
	}
	return e.Time.UnixMilli() > p.Time.UnixMilli()
}

func earlier(e Entry, p Point) bool {
	switch {
	case p.ID != "":
		return e.ID < p.ID
	case p.Time.IsZero():
		return true
	}
	return e.Time.UnixMilli() < p.Time.UnixMilli()
}

func wanted(e Entry, commands []string) bool {
	return commands == nil || slices.Contains(commands, e.Command)
}

func (m *model) history(r Range) ([]Entry, error) {
	for _, p := range []Point{r.After, r.Before} {
		if p.ID != "" && !m.has(r.Target, p.ID) {
			return nil, ErrNoSuchID
		}
	}
	return newestOf(m.filter(func(e Entry) bool {
		return e.Target == r.Target && later(e, r.After) && earlier(e, r.Before) && wanted(e, r.Commands)
	}), r.Limit, r.Newest), nil
}

func (m *model) around(target string, p Point, limit int, commands []string) ([]Entry, error) {
	if p.ID != "" && !m.has(target, p.ID) {
		return nil, ErrNoSuchID
	}
	before := m.filter(func(e Entry) bool { return e.Target == target && wanted(e, commands) && earlier(e, p) })
	after := m.filter(func(e Entry) bool { return e.Target == target && wanted(e, commands) && !earlier(e, p) })
	if limit <= 0 {
		return slices.Concat(before, after), nil
	}
	// One by one from the middle, while both sides have some.
	n, k := 0, 0
	for n+k < limit && (n < len(before) || k < len(after)) {
		if k < len(after) && (k <= n || n == len(before)) {
			k++
		} else {
			n++
		}
	}
	return slices.Concat(before[len(before)-n:], after[:k]), nil
}

func (m *model) targets(from, to time.Time, limit int, commands []string) (list []Target) {
	latest := map[string]Entry{}
	for _, e := range m.entries {
		if wanted(e, commands) {
			latest[e.Target] = e
		}
	}
	newest := from.After(to)
	if newest {
		from, to = to, from
	}
	for name, e := range latest {
		if e.Time.UnixMilli() > from.UnixMilli() && e.Time.UnixMilli() < to.UnixMilli() {
			list = append(list, Target{name, e.Time, e.ID})
		}
	}
	slices.SortFunc(list, func(a, b Target) int {
		return cmp.Or(a.Last.Compare(b.Last), strings.Compare(a.LastID, b.LastID), strings.Compare(a.Name, b.Name))
	})
	if limit > 0 && len(list) > limit {
		if newest {
			return list[len(list)-limit:]
		}
		return list[:limit]
	}
	return list
}

var (
	modelTargets  = []string{"bob", "#room", "carol"}
	modelCommands = []string{"PRIVMSG", "NOTICE", "JOIN"}
	modelWords    = []string{"hello", "Straße", "ÉCOLE", "wor\x02ld", "well-known", "\x0304,12red"}
)

// span of times in which the model lives, in ms.
const modelSpan = 40

// genEntry makes entries with few ids and times, so that they meet. Ids are
// mostly the bridge's form, with times that may be earlier, or anything.
func genEntry(form int) *rapid.Generator[Entry] {
	return rapid.Custom(func(t *rapid.T) Entry {
		ms := benchEpoch + rapid.Int64Range(0, modelSpan).Draw(t, "ms")
		e := Entry{
			ID: benchID(ms, rapid.IntRange(0, 2).Draw(t, "n")), Time: time.UnixMilli(ms).UTC(),
			Target: rapid.SampledFrom(modelTargets).Draw(t, "target"), Out: rapid.Bool().Draw(t, "out"),
			From: rapid.SampledFrom([]string{"Cool Guy", "coolguy", "Alice"}).Draw(t, "from"), Command: rapid.SampledFrom(modelCommands).Draw(t, "command"),
			Text: strings.Join(rapid.SliceOfN(rapid.SampledFrom(modelWords), 0, 3).Draw(t, "text"), " "),
		}
		switch form {
		case 1: // said earlier than it came
			e.Time = e.Time.Add(-time.Duration(rapid.Int64Range(0, 15).Draw(t, "late")) * time.Millisecond)
		case 2: // no time in the id
			e.ID = rapid.StringMatching(`[A-Z]{1,2}`).Draw(t, "id")
		}
		return e
	})
}

func (m *model) genPoint(t *rapid.T, name string) Point {
	switch rapid.IntRange(0, 4).Draw(t, name) {
	case 0:
		return Point{}
	case 1, 2:
		return Point{Time: time.UnixMilli(benchEpoch - 20 + rapid.Int64Range(0, modelSpan+30).Draw(t, name+" time"))}
	}
	if len(m.entries) == 0 {
		return Point{ID: "none"}
	}
	return Point{ID: rapid.SampledFrom(m.entries).Draw(t, name+" id").ID}
}

func genCommands(t *rapid.T) []string {
	return rapid.SampledFrom([][]string{nil, nil, modelCommands[:1], modelCommands[:2], modelCommands, {}}).Draw(t, "commands")
}

func genLimit(t *rapid.T) int { return rapid.IntRange(0, 8).Draw(t, "limit") }

// agree compares what a store says with what the model says.
func agree[T any](t *rapid.T, what string, got []T, err error, want []T, wantErr error) {
	t.Helper()
	if !errors.Is(err, wantErr) {
		t.Fatalf("%s: %v, the model %v", what, err, wantErr)
	}
	if diff := gocmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
		t.Fatalf("%s (-model +store):\n%s", what, diff)
	}
}

// A machine does the same to a store and to a model of each of two accounts.
type machine struct {
	s    *Store
	a    [2]*Account
	m    [2]model
	form int
}

func (x *machine) pick(t *rapid.T) (*Account, *model) {
	i := rapid.IntRange(0, 1).Draw(t, "account")
	return x.a[i], &x.m[i]
}

// Random operations, in any order: a store says what the model says.
func TestModel(t *testing.T) {
	t.Parallel()
	for form, name := range []string{"ids with times", "late", "other ids"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			rapid.Check(t, func(r *rapid.T) {
				if n++; n <= 10 || !raceEnabled {
					checkModel(t, r, form)
				}
			})
		})
	}
}

func checkModel(t *testing.T, r *rapid.T, form int) {
	ctx := t.Context()
	s, err := Open(ctx, Memory, Options{})
	if err != nil {
		r.Fatal(err)
	}
	defer s.Close()
	x := &machine{s: s, form: form}
	for i, key := range []string{"alice", "amy"} {
		if x.a[i], err = s.Account(ctx, key); err != nil {
			r.Fatal(err)
		}
		x.m[i].state = map[string]map[string]string{}
	}
	r.Repeat(map[string]func(*rapid.T){
		"append": x.append, "append again": x.append, "append more": x.append,
		"wipe": x.wipe, "state": x.putOrDelete,
		"history": func(r *rapid.T) {
			a, m := x.pick(r)
			q := Range{
				Target: rapid.SampledFrom(modelTargets).Draw(r, "target"), After: m.genPoint(r, "after"), Before: m.genPoint(r, "before"),
				Limit: genLimit(r), Newest: rapid.Bool().Draw(r, "newest"), Commands: genCommands(r),
			}
			got, err := a.History(ctx, q)
			want, wantErr := m.history(q)
			agree(r, "history", got, err, want, wantErr)
		},
		"around": func(r *rapid.T) {
			a, m := x.pick(r)
			p := m.genPoint(r, "at")
			if p.isZero() {
				return
			}
			target, limit, commands := rapid.SampledFrom(modelTargets).Draw(r, "target"), genLimit(r), genCommands(r)
			got, err := a.Around(ctx, target, p, limit, commands)
			want, wantErr := m.around(target, p, limit, commands)
			agree(r, "around", got, err, want, wantErr)
		},
		"since": func(r *rapid.T) {
			a, m := x.pick(r)
			id, limit, commands := m.genPoint(r, "id").ID, genLimit(r), genCommands(r)
			notBefore := m.genPoint(r, "not before").Time
			all := m.filter(func(e Entry) bool { return e.ID > id && wanted(e, commands) })
			want := newestOf(slices.DeleteFunc(slices.Clone(all), func(e Entry) bool { return !notBefore.IsZero() && e.Time.Before(notBefore) }), limit, true)
			got, left, err := a.Since(ctx, id, limit, notBefore, commands)
			agree(r, "since", got, err, want, nil)
			if left != len(all)-len(want) {
				r.Fatalf("%d left, the model %d", left, len(all)-len(want))
			}
		},
		"targets": func(r *rapid.T) {
			a, m := x.pick(r)
			from, to, limit, commands := m.genPoint(r, "from").Time, m.genPoint(r, "to").Time, genLimit(r), genCommands(r)
			got, err := a.Targets(ctx, from, to, limit, commands)
			agree(r, "targets", got, err, m.targets(from, to, limit, commands), nil)
		},
		"search": func(r *rapid.T) {
			a, m := x.pick(r)
			x.search(ctx, r, a, m)
		},
		"": func(r *rapid.T) { x.check(r) },
	})
}

func (x *machine) append(r *rapid.T) {
	a, m := x.pick(r)
	batch := rapid.SliceOfN(genEntry(x.form), 1, 4).Draw(r, "entries")
	a.Append(batch...)
	for _, e := range batch {
		m.append(e)
	}
}

func (x *machine) wipe(r *rapid.T) {
	if rapid.IntRange(0, 5).Draw(r, "really") > 0 {
		return
	}
	a, m := x.pick(r)
	a.Wipe()
	*m = model{state: map[string]map[string]string{}}
}

func (x *machine) putOrDelete(r *rapid.T) {
	a, m := x.pick(r)
	kind, name := rapid.SampledFrom([]string{"cursor", "set"}).Draw(r, "kind"), rapid.SampledFrom([]string{"a", "b", ""}).Draw(r, "name")
	if rapid.Bool().Draw(r, "delete") {
		a.Delete(kind, name)
		if delete(m.state[kind], name); len(m.state[kind]) == 0 {
			delete(m.state, kind)
		}
		return
	}
	value := rapid.String().Draw(r, "value")
	a.Put(kind, name, value)
	if m.state[kind] == nil {
		m.state[kind] = map[string]string{}
	}
	m.state[kind][name] = value
}

func (x *machine) search(ctx context.Context, r *rapid.T, a *Account, m *model) {
	word := rapid.SampledFrom([]string{"", "HELLO", "strasse", "straße", "ecole", "world", "known", "well-known", "red", "04", "hel", `"`, "*"}).Draw(r, "word")
	q := Query{
		Words: word, Target: rapid.SampledFrom([]string{"", "bob"}).Draw(r, "target"), From: rapid.SampledFrom([]string{"", "COOL guy"}).Draw(r, "from"),
		After: m.genPoint(r, "after").Time, Before: m.genPoint(r, "before").Time, Limit: genLimit(r),
	}
	finds := map[string]string{
		"HELLO": "hello", "straße": "Straße", "ecole": "ÉCOLE", "world": "wor\x02ld", "known": "well-known", "well-known": "well-known", "red": "\x0304,12red",
	}
	want := newestOf(m.filter(func(e Entry) bool {
		return (word == "" || finds[word] != "" && strings.Contains(e.Text, finds[word])) &&
			(q.Target == "" || e.Target == q.Target) && (q.From == "" || strings.ToLower(strings.ReplaceAll(e.From, " ", "")) == "coolguy") &&
			later(e, Point{Time: q.After}) && earlier(e, Point{Time: q.Before})
	}), q.Limit, true)
	got, err := a.Search(ctx, q)
	agree(r, "search", got, err, want, nil)
}

// check compares what costs nothing to ask.
func (x *machine) check(r *rapid.T) {
	for i, a := range x.a {
		m := &x.m[i]
		if a.Latest() != m.latest {
			r.Fatalf("the latest is %q, the model's %q", a.Latest(), m.latest)
		}
		if diff := gocmp.Diff(m.state, a.State()); diff != "" {
			r.Fatal(diff)
		}
		for kind, names := range m.state {
			for name, value := range names {
				if got, ok := a.Get(kind, name); !ok || got != value || !slices.Contains(a.Names(kind), name) {
					r.Fatalf("%s %s is %q", kind, name, got)
				}
			}
		}
	}
}
