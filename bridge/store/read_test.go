package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A talk of ten lines a second apart, l0 to l9, of which l3 and l7 are JOINs, in
// a conversation; and one line later in another.
func talk(t *testing.T) *Account {
	t.Helper()
	a := account(t, openAt(t, Memory, Options{}), "alice")
	for i := range 10 {
		e := Entry{ID: lineID(i), Time: lineTime(i), Target: "bob", From: "Bob", Command: "PRIVMSG", Text: fmt.Sprint("l", i)}
		if i == 3 || i == 7 {
			e.Command = "JOIN"
		}
		a.Append(e)
	}
	a.Append(Entry{ID: lineID(20), Time: lineTime(20), Target: "#room", From: "Bob", Command: "NOTICE", Text: "r20"})
	return a
}

func lineTime(i int) time.Time { return time.UnixMilli(benchEpoch + int64(i)*1000).UTC() }
func lineID(i int) string      { return TimeID(lineTime(i), "0000000000") }
func at(i int) Point           { return Point{Time: lineTime(i)} }
func id(i int) Point           { return Point{ID: lineID(i)} }

func texts(list []Entry) string {
	var all []string
	for _, e := range list {
		all = append(all, e.Text)
	}
	return strings.Join(all, " ")
}

func TestHistory(t *testing.T) {
	t.Parallel()
	a := talk(t)
	said := []string{"PRIVMSG", "NOTICE"}
	half := Point{Time: lineTime(4).Add(500 * time.Microsecond)} // within a millisecond
	for _, c := range []struct {
		r    Range
		want string
	}{
		{Range{}, "l0 l1 l2 l3 l4 l5 l6 l7 l8 l9"},
		{Range{Limit: 3}, "l0 l1 l2"},
		{Range{Limit: 3, Newest: true}, "l7 l8 l9"},
		{Range{Limit: 3, Newest: true, Commands: said}, "l6 l8 l9"},
		{Range{Limit: -1}, "l0 l1 l2 l3 l4 l5 l6 l7 l8 l9"},
		{Range{Commands: []string{}}, ""},
		{Range{Commands: []string{"JOIN"}}, "l3 l7"},
		{Range{After: id(7)}, "l8 l9"},
		{Range{After: at(7)}, "l8 l9"},
		{Range{After: half, Limit: 1}, "l5"},
		{Range{Before: id(2)}, "l0 l1"},
		{Range{Before: at(2)}, "l0 l1"},
		{Range{Before: half}, "l0 l1 l2 l3"},
		{Range{Before: id(5), Limit: 2, Newest: true}, "l3 l4"},
		{Range{Before: id(5), Limit: 2}, "l0 l1"},
		{Range{After: id(2), Before: id(6)}, "l3 l4 l5"},
		{Range{After: at(2), Before: id(6), Commands: said}, "l4 l5"},
		{Range{After: id(2), Before: at(6), Limit: 1, Newest: true}, "l5"},
		{Range{After: id(6), Before: id(2)}, ""},
		{Range{After: at(9)}, ""},
		{Range{Before: at(0)}, ""},
		{Range{After: at(-100), Before: at(100)}, "l0 l1 l2 l3 l4 l5 l6 l7 l8 l9"},
		{Range{Before: Point{Time: time.UnixMilli(-5)}}, ""},
		{Range{After: Point{Time: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}}, ""},
	} {
		c.r.Target = "bob"
		got, err := a.History(t.Context(), c.r)
		if err != nil || texts(got) != c.want {
			t.Errorf("%+v: %s instead of %s, %v", c.r, texts(got), c.want, err)
		}
	}
	for _, r := range []Range{{Target: "bob", After: id(20)}, {Target: "bob", Before: Point{ID: "none"}}, {Target: "#room", Before: id(1)}, {Target: "nobody", Before: id(1)}} {
		if got, err := a.History(t.Context(), r); !errors.Is(err, ErrNoSuchID) {
			t.Errorf("%+v: %v, %v", r, got, err)
		}
	}
	for _, target := range []string{"nobody", "", "BOB"} {
		if got, err := a.History(t.Context(), Range{Target: target}); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", target, got, err)
		}
	}
}

func TestAround(t *testing.T) {
	t.Parallel()
	a := talk(t)
	for _, c := range []struct {
		p        Point
		limit    int
		commands []string
		want     string
	}{
		{id(5), 5, nil, "l3 l4 l5 l6 l7"},
		{id(5), 4, nil, "l3 l4 l5 l6"},
		{id(5), 1, nil, "l5"},
		{id(0), 5, nil, "l0 l1 l2 l3 l4"},
		{id(9), 5, nil, "l5 l6 l7 l8 l9"},
		{id(5), 5, []string{"PRIVMSG"}, "l2 l4 l5 l6 l8"},
		{id(7), 2, []string{"PRIVMSG"}, "l6 l8"},
		{at(5), 3, nil, "l4 l5 l6"},
		{Point{Time: lineTime(5).Add(100 * time.Millisecond)}, 2, nil, "l5 l6"},
		{at(-50), 2, nil, "l0 l1"},
		{at(50), 2, nil, "l8 l9"},
		{id(5), 100, nil, "l0 l1 l2 l3 l4 l5 l6 l7 l8 l9"},
	} {
		got, err := a.Around(t.Context(), "bob", c.p, c.limit, c.commands)
		if err != nil || texts(got) != c.want {
			t.Errorf("%+v %d: %s instead of %s, %v", c.p, c.limit, texts(got), c.want, err)
		}
	}
	if got, err := a.Around(t.Context(), "bob", id(20), 5, nil); !errors.Is(err, ErrNoSuchID) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	a := talk(t)
	said := []string{"PRIVMSG", "NOTICE"}
	for _, c := range []struct {
		id        string
		limit     int
		notBefore time.Time
		commands  []string
		want      string
		left      int
	}{
		{"", 0, time.Time{}, nil, "l0 l1 l2 l3 l4 l5 l6 l7 l8 l9 r20", 0},
		{"", 2, time.Time{}, nil, "l9 r20", 9},
		{lineID(5), 10, time.Time{}, said, "l6 l8 l9 r20", 0},
		{lineID(5), 2, time.Time{}, said, "l9 r20", 2},
		{lineID(5), 10, lineTime(8), said, "l8 l9 r20", 1},
		{lineID(5) + "0", 10, time.Time{}, nil, "l6 l7 l8 l9 r20", 0}, // an id that is not there
		{lineID(20), 10, time.Time{}, nil, "", 0},
		{lineID(9), 10, lineTime(21), nil, "", 1},
	} {
		got, left, err := a.Since(t.Context(), c.id, c.limit, c.notBefore, c.commands)
		if err != nil || texts(got) != c.want || left != c.left {
			t.Errorf("%s %d: %s instead of %s, %d left, %v", c.id, c.limit, texts(got), c.want, left, err)
		}
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	a := talk(t)
	names := func(list []Target) string {
		var all []string
		for _, c := range list {
			all = append(all, fmt.Sprint(c.Name, c.Last.Sub(lineTime(0)).Seconds()))
			if c.LastID != TimeID(c.Last, "0000000000") {
				t.Errorf("%+v", c)
			}
		}
		return strings.Join(all, " ")
	}
	for _, c := range []struct {
		from, to int
		limit    int
		commands []string
		want     string
	}{
		{-1, 100, 10, nil, "bob9 #room20"},
		{-1, 100, 1, nil, "bob9"},
		{100, -1, 1, nil, "#room20"},
		{100, -1, 10, nil, "bob9 #room20"},
		{9, 100, 10, nil, "#room20"},
		{8, 20, 10, nil, "bob9"},
		{9, 20, 10, nil, ""},
		{-1, 100, 10, []string{"JOIN"}, "bob7"},
		{-1, 100, 10, []string{}, ""},
		{-1, 5, 10, nil, ""}, // the latest line counts, not any
	} {
		got, err := a.Targets(t.Context(), lineTime(c.from), lineTime(c.to), c.limit, c.commands)
		if err != nil || names(got) != c.want {
			t.Errorf("%d to %d: %s instead of %s, %v", c.from, c.to, names(got), c.want, err)
		}
	}
}

// What was said earlier than it came is where its id is, and found by its time.
func TestLateLines(t *testing.T) {
	t.Parallel()
	a := talk(t)
	a.Append(Entry{ID: lineID(30), Time: lineTime(2).Add(100 * time.Millisecond), Target: "bob", Command: "PRIVMSG", Text: "late"})
	for want, r := range map[string]Range{
		"l3 l4 l5 l6 l7 l8 l9 late": {After: id(2)},
		"l0 l1 l2 late":             {Before: at(3)},
		"l9 late":                   {Newest: true, Limit: 2},
		"late":                      {After: at(2), Before: at(3)},
	} {
		r.Target = "bob"
		if got, err := a.History(t.Context(), r); err != nil || texts(got) != want {
			t.Errorf("%+v: %s instead of %s, %v", r, texts(got), want, err)
		}
	}
}

// The order of ids is kept when an older one comes later, as in an import, and
// the latest stays the latest.
func TestOlderComesLater(t *testing.T) {
	t.Parallel()
	a := account(t, openAt(t, Memory, Options{}), "alice")
	for _, i := range []int{5, 1, 9, 1, 3} {
		a.Append(Entry{ID: lineID(i), Time: lineTime(i), Target: "bob", Command: "PRIVMSG", Text: fmt.Sprint("l", i)})
	}
	got, left, err := a.Since(t.Context(), "", 0, time.Time{}, nil)
	if diff := cmp.Diff("l1 l3 l5 l9", texts(got)); err != nil || diff != "" || left != 0 {
		t.Error(diff, left, err)
	}
	if a.Latest() != lineID(9) || a.s.LastID() != lineID(9) {
		t.Error(a.Latest(), a.s.LastID())
	}
}
