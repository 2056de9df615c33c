package toc

import "testing"

func TestKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[ScreenName]string{
		"": "", "bob": "bob", "Bob": "bob", "Alice Smith": "alicesmith", " a  b ": "ab", "user@mac.com": "user@mac.com", "+1555": "+1555",
		"ÉCOLE Ä": "écoleä", "a\u00a0b": "a\u00a0b", "a_b-c": "a_b-c",
	} {
		if got := in.Key(); got != want {
			t.Errorf("%q.Key() = %q, want %q", in, got, want)
		}
		if again := ScreenName(in.Key()).Key(); again != want {
			t.Errorf("the key of %q has the key %q", in, again)
		}
	}
	if !ScreenName("Alice Smith").Equal("ALICEsmith ") || ScreenName("alice").Equal("alicia") || !ScreenName("").Equal(" ") {
		t.Error("Equal is wrong")
	}
}

func TestKeyIsFree(t *testing.T) { // not parallel: it counts allocations
	for _, n := range []ScreenName{"alicesmith", "user@mac.com", "écoleä"} {
		if a := testing.AllocsPerRun(100, func() { n.Key() }); a != 0 {
			t.Errorf("%q: %v allocations", n, a)
		}
	}
}

func TestClass(t *testing.T) {
	t.Parallel()
	type is struct{ aol, admin, mobile, icq, unconfirmed, away bool }
	for c, want := range map[Class]is{
		"":    {},
		"   ": {},
		" U ": {unconfirmed: true},
		" UU": {unconfirmed: true, away: true},
		"  U": {away: true},
		" O,": {},
		"AO":  {aol: true},
		"A U": {aol: true, away: true},
		" AU": {admin: true, away: true},
		" C ": {mobile: true},
		" I ": {icq: true},
		"U":   {},
	} {
		if got := (is{c.AOL(), c.Admin(), c.Mobile(), c.ICQ(), c.Unconfirmed(), c.Away()}); got != want {
			t.Errorf("class %q: %+v", c, got)
		}
	}
}
