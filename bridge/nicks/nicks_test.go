package nicks

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"tocbridge/toc"
)

func TestNick(t *testing.T) {
	t.Parallel()
	for name, want := range map[toc.ScreenName]string{
		// as they are
		"bob": "bob", "CoolGuy": "CoolGuy", "foo[bar]": "foo[bar]", "a_b": "a_b", "x-y": "x-y", "z|": "z|", "q^": "q^",
		"`away`": "`away`", "bob`": "bob`", "{}": "{}", `\o`: `\o`, "_1_": "_1_", "a1": "a1", "`at": "`at", "a``b": "a``b",
		"u`u61`": "u`u61`", "``ab": "``ab", "abcdefghijklmnopqrstuvwxyz_12345": "abcdefghijklmnopqrstuvwxyz_12345",
		// without spaces
		"Cool Guy": "CoolGuy", " a b ": "ab",
		// digits first
		"123456": "`123456", "1 2 3": "`123", "-x": "`-x", "12 Monkeys": "`12Monkeys", "- 1": "`-1",
		// punctuation
		"user@mac.com": "user`at`mac`dot`com", "+15551234567": "`plus`15551234567", "User Name@Mac.com": "UserName`at`Mac`dot`com",
		"a!b": "a`bang`b", "*aim": "`star`aim", "#x": "`hash`x", "a:b,c": "a`colon`b`comma`c", "1@x": "`1`at`x",
		// Unicode and control characters
		"日本": "`u65e5``u672c`", "Ärger": "`ue4`rger", "ärger": "`ue4`rger", "a\x07b": "a`u7`b", "a\x00": "a`u0`",
		"\u212Aelvin": "kelvin", "a\xffb": "a`ufffd`b", "😀": "`u1f600`",
		// literal escapes
		"a`at`b": "a`tick`at`tick`b", "`1x": "`tick`1x", "`-": "`tick`-", "`none`": "`tick`none`tick`", "`TICK`": "`tick`TICK`tick`",
		// long ones
		"......": "`dot``dot``dot``dot``dot``dot`", ".......": "``" + compactText("......."),
		"": "`none`",
	} {
		table := New()
		got := table.Nick(name)
		if got != want {
			t.Errorf("Nick(%q) = %q, want %q", name, got, want)
		}
		if !Valid(got) {
			t.Errorf("Nick(%q) = %q is not legal", name, got)
		}
		if name == "" {
			continue
		}
		for _, nick := range []string{got, strings.ToLower(got), strings.ToUpper(got)} {
			if n, ok := table.Name(nick); !ok || n != name {
				t.Errorf("Name(%q) = %q, %v; want %q", nick, n, ok, name)
			}
			if n, ok := New().Name(nick); !ok || !n.Equal(name) {
				t.Errorf("never seen, Name(%q) = %q, %v; want %q", nick, n, ok, name)
			}
		}
	}
}

// compactText is base 32 of s in lower case, computed bit by bit.
func compactText(s string) string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	var out strings.Builder
	bits, n := 0, 0
	for i := 0; i < len(s); i++ {
		bits, n = bits<<8|int(s[i]), n+8
		for n >= 5 {
			out.WriteByte(digits[bits>>(n-5)&31])
			n -= 5
		}
		bits &= 1<<n - 1
	}
	if n > 0 {
		out.WriteByte(digits[bits<<(5-n)&31])
	}
	return out.String()
}

func TestName(t *testing.T) {
	t.Parallel()
	table := New()
	table.Nick("Cool Guy")
	table.Nick("User@Mac.com")
	table.Reserve("status")
	for nick, want := range map[string]toc.ScreenName{
		"coolguy": "Cool Guy", "COOLGUY": "Cool Guy", "user`at`mac`dot`com": "User@Mac.com", "user@mac.com": "User@Mac.com",
		"never_seen": "never_seen", "123456": "123456", "+1555": "+1555", "日本": "日本", "x.y": "x.y",
		"Status": "", "*aim": "", "": "", "#room": "", "&group": "", "a b": "", "a,b": "", "a!b@c": "", "a\x00b": "", "a\nb": "",
		"\xff": "", "`none`": "", ":a": "", "$$*": "", strings.Repeat("é", 200): "",
	} {
		got, ok := table.Name(nick)
		if got != want || ok != (want != "") {
			t.Errorf("Name(%q) = %q, %v; want %q", nick, got, ok, want)
		}
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a", "Z", "[]\\`_^{}|", "a-1", strings.Repeat("a", 32)} {
		if !Valid(s) {
			t.Errorf("%q is not valid", s)
		}
	}
	for _, s := range []string{"", "1a", "-a", "a b", "a@b", "*", "a.b", "é", "a\x00", "a~", "@a", "a:b", strings.Repeat("a", 33)} {
		if Valid(s) {
			t.Errorf("%q is valid", s)
		}
	}
}

func TestReformat(t *testing.T) {
	t.Parallel()
	table := New()
	table.Nick("davejones")
	for _, tc := range []struct {
		name     toc.ScreenName
		old, new string
		changed  bool
	}{
		{"Dave Jones", "davejones", "DaveJones", true},
		{"Dave Jones", "DaveJones", "DaveJones", false},
		{"Dave  Jones", "DaveJones", "DaveJones", false},
		{"DAVE jones", "DaveJones", "DAVEjones", true},
		{"New Guy", "NewGuy", "NewGuy", false},
		{"Ä b", "`ue4`b", "`ue4`b", false},
		{"äB", "`ue4`b", "`ue4`B", true},
	} {
		old, new, changed := table.Reformat(tc.name)
		if old != tc.old || new != tc.new || changed != tc.changed {
			t.Errorf("Reformat(%q) = %q, %q, %v; want %q, %q, %v", tc.name, old, new, changed, tc.old, tc.new, tc.changed)
		}
		if got := table.Nick(tc.name); got != tc.new {
			t.Errorf("then Nick is %q", got)
		}
		if got, ok := table.Name(tc.old); !ok || got != tc.name {
			t.Errorf("then Name(%q) is %q", tc.old, got)
		}
	}
	if got := table.Nick("d a v e jones"); got != "DAVEjones" {
		t.Errorf("Nick of another formatting is %q", got)
	}
}

func TestRename(t *testing.T) {
	t.Parallel()
	table := New()
	table.Nick("bob")
	table.Nick("carol")
	table.Reserve("root")
	for nick, want := range map[string]error{
		"carol": ErrTaken, "CAROL": ErrTaken, "Root": ErrTaken, "1x": ErrIllegal, "": ErrIllegal, "a b": ErrIllegal, "x.y": ErrIllegal,
	} {
		if err := table.Rename("Bob", nick); !errors.Is(err, want) {
			t.Errorf("Rename to %q: %v", nick, err)
		}
	}
	if err := table.Rename("BOB", "Robert"); err != nil {
		t.Fatal(err)
	}
	check := func(nick string, want toc.ScreenName) {
		t.Helper()
		if got, ok := table.Name(nick); !ok || got != want {
			t.Errorf("Name(%q) = %q, %v; want %q", nick, got, ok, want)
		}
	}
	check("robert", "bob")
	check("bob", "bob")
	if got := table.Nick("bob"); got != "Robert" {
		t.Errorf("Nick is %q", got)
	}
	if old, new, changed := table.Reformat("B o b"); old != "Robert" || new != "Robert" || changed {
		t.Errorf("a rename does not outlive a reformat: %q %q", old, new)
	}
	check("robert", "B o b")

	// Somebody whose own name is the new nick gets a suffix, a stable one.
	suffixed := table.Nick("robert")
	if !strings.HasPrefix(suffixed, "robert``") || !Valid(suffixed) {
		t.Errorf("the real robert is %q", suffixed)
	}
	check(suffixed, "robert")
	check("robert", "B o b")
	other := New()
	if err := other.Rename("x", "Robert"); err != nil {
		t.Fatal(err)
	}
	if again := other.Nick("robert"); again != suffixed {
		t.Errorf("another time he is %q, not %q", again, suffixed)
	}

	// Renames may go in a circle.
	if err := table.Rename("carol", "bob"); err != nil {
		t.Errorf("a nick that was left: %v", err)
	}
	check("bob", "carol")
	if got := table.Reset("bob"); !strings.HasPrefix(got, "Bob``") {
		t.Errorf("reset to %q while carol has bob", got)
	}
	if got := table.Reset("carol"); got != "carol" {
		t.Errorf("reset to %q", got)
	}
	table.Forget("bob")
	if got := table.Nick("bob"); got != "bob" {
		t.Errorf("after all, bob is %q", got)
	}
	if err := table.Rename("bob", "BOB"); err != nil || table.Nick("bob") != "BOB" {
		t.Errorf("rename to another case: %v, %q", err, table.Nick("bob"))
	}
	if got := table.Reset("nobody yet"); got != "nobodyyet" {
		t.Errorf("reset of a name never seen: %q", got)
	}
}

func TestReserve(t *testing.T) {
	t.Parallel()
	table := New()
	table.Nick("alice")
	table.Reserve("Alice")
	table.Reserve("help")
	if n, ok := table.Name("alice"); !ok || n != "alice" {
		t.Errorf("a nick was taken away: %q, %v", n, ok)
	}
	if got := table.Nick("Help"); strings.EqualFold(got, "help") || !strings.HasPrefix(got, "Help``") {
		t.Errorf("a reserved nick was given: %q", got)
	}
}

// TestLongNames: what cannot be read back is at least legal, stable, distinct and remembered.
func TestLongNames(t *testing.T) {
	t.Parallel()
	table := New()
	seen := map[string]toc.ScreenName{}
	for _, n := range []toc.ScreenName{
		toc.ScreenName(strings.Repeat("a", 33)), toc.ScreenName(strings.Repeat("a", 34)), toc.ScreenName(strings.Repeat("日", 40)),
		toc.ScreenName(strings.Repeat("日", 41)), "somebody.with.a.long.name@example.com", "1234567890123456789012345678901234567890",
	} {
		nick := table.Nick(n)
		if !Valid(nick) || seen[fold(nick)] != "" {
			t.Errorf("Nick(%q) = %q", n, nick)
		}
		seen[fold(nick)] = n
		if got, ok := table.Name(nick); !ok || got != n {
			t.Errorf("Name(%q) = %q, %v", nick, got, ok)
		}
		if again := New().Nick(n); again != nick {
			t.Errorf("Nick(%q) is %q, another time %q", n, nick, again)
		}
	}
	if got := table.Nick("somebody.with.a.long.name@example.com"); !strings.HasPrefix(got, "somebodywithalong") {
		t.Errorf("%q does not look like the name", got)
	}
}

// genName draws screen names, legal and hostile.
func genName(maxBytes int) *rapid.Generator[toc.ScreenName] {
	piece := rapid.SampledFrom([]string{
		"`", "`", "at", "tick", "none", "u", "u61", "ue4", "``", "0", "1", "a", "B", "-", "_", " ", "@", ".", "+", "[", "]", "{", "}", "^", "|", `\`,
		"é", "É", "日", "\u0130", "\u212a", "ß", "😀", "\x00", "\r", "\n", ":", ",", "*", "!", "#", "&", "~", "\xff", "\u00a0",
	})
	return rapid.Map(rapid.OneOf(
		rapid.StringMatching(`[A-Za-z][A-Za-z0-9 ]{0,15}`),
		rapid.StringMatching(`[1-9][0-9]{4,9}`),
		rapid.StringMatching(`[a-z]{1,6}@[a-z]{2,4}\.com`),
		rapid.StringMatching("[]A-Za-z0-9`\\[\\\\_^{}|-]{1,16}"),
		rapid.Map(rapid.SliceOfN(piece, 1, 10), func(s []string) string { return strings.Join(s, "") }),
		rapid.String(),
	), func(s string) toc.ScreenName {
		for len(s) > maxBytes {
			s = s[:len(s)-1]
		}
		return toc.ScreenName(s)
	})
}

// TestBijection: every name of up to 16 bytes has a legal nick that leads back to it without a
// table, and two names have the same nick exactly if they are the same name.
func TestBijection(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := genName(16).Draw(t, "a"), genName(16).Draw(t, "b")
		if len(a.Key()) > 16 || len(b.Key()) > 16 {
			t.Skip("longer in lower case")
		}
		na, nb := New().Nick(a), New().Nick(b)
		if !Valid(na) || !Valid(nb) {
			t.Fatalf("%q or %q is not legal", na, nb)
		}
		if back, ok := New().Name(na); a.Key() != "" && (!ok || back.Key() != a.Key()) {
			t.Fatalf("%q -> %q -> %q", a, na, back)
		}
		if (fold(na) == fold(nb)) != (a.Key() == b.Key()) {
			t.Fatalf("%q -> %q, %q -> %q", a, na, b, nb)
		}
	})
}

// TestLegalNicks: a legal nick without a backquote is its own screen name.
func TestLegalNicks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nick := rapid.StringMatching(`[]A-Za-z\[\\_^{}|][]A-Za-z0-9\[\\_^{}|-]{0,31}`).Draw(t, "nick")
		if got := New().Nick(toc.ScreenName(nick)); got != nick {
			t.Fatalf("%q became %q", nick, got)
		}
		if got, ok := New().Name(nick); !ok || string(got) != nick {
			t.Fatalf("%q is %q, %v", nick, got, ok)
		}
	})
}

// TestTable: whatever happens, nicks stay unique, and lead to whom they belong.
func TestTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := New()
		names := map[string]toc.ScreenName{} // by Key, as last formatted
		own := rapid.SampledFrom([]toc.ScreenName{"bob", "B ob", "BOB", "carol", "Car ol", "1x", "x@y", "é", "É", "bob``x", "`1x", "dave"})
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			n := own.Draw(t, "name")
			_, known := names[n.Key()]
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0, 1:
				table.Nick(n)
			case 2:
				old, new, changed := table.Reformat(n)
				if changed != (old != new) {
					t.Fatalf("Reformat: %q %q %v", old, new, changed)
				}
				known = false
			case 3:
				nick := rapid.SampledFrom([]string{"bob", "Carol", "x", "dave", "1x", "`1x", "zed", "bob``x"}).Draw(t, "nick")
				if table.Rename(n, nick) != nil {
					continue
				}
				if got := table.Nick(n); got != nick {
					t.Fatalf("renamed to %q, is %q", nick, got)
				}
			case 4:
				table.Reset(n)
			case 5:
				table.Forget(n)
				delete(names, n.Key())
				continue
			}
			if !known {
				names[n.Key()] = n
			}
		}
		seen := map[string]bool{}
		for key, n := range names {
			nick := table.Nick(toc.ScreenName(key))
			if !Valid(nick) || seen[fold(nick)] {
				t.Fatalf("%q of %q is illegal or used twice", nick, n)
			}
			seen[fold(nick)] = true
			if got, ok := table.Name(strings.ToUpper(nick)); !ok || got != n {
				t.Fatalf("%q has nick %q, that is %q", n, nick, got)
			}
		}
		if len(table.others) > len(table.entries) || len(table.entries) != len(names) {
			t.Fatalf("%d entries, %d others for %d names", len(table.entries), len(table.others), len(names))
		}
	})
}

// TestKeyOfRunes: for each character there is, the nick depends on the Key alone.
func TestKeyOfRunes(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r == 0xd800 {
			r = 0xe000
		}
		n := toc.ScreenName("a" + string(r))
		nick := encode(n)
		if back, ok := decode(nick); !ok || back.Key() != n.Key() {
			t.Fatalf("%U: %q -> %q", r, nick, back)
		}
		if key := toc.ScreenName(n.Key()); key != n && fold(encode(key)) != fold(nick) {
			t.Fatalf("%U: %q, as a key %q", r, nick, encode(key))
		}
	}
}

func FuzzNick(f *testing.F) {
	for _, s := range []string{"bob", "Cool Guy", "`at`", "123", "日本", "``5opat", "\x00", "a``b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := toc.ScreenName(s)
		table := New()
		nick := table.Nick(n)
		if !Valid(nick) {
			t.Errorf("%q -> %q", s, nick)
		}
		if got, ok := table.Name(nick); !ok || got != n {
			t.Errorf("%q -> %q -> %q", s, nick, got)
		}
		if got, ok := New().Name(nick); len(n.Key()) <= 16 && n.Key() != "" && (!ok || !got.Equal(n)) {
			t.Errorf("%q -> %q, never seen -> %q", s, nick, got)
		}
		New().Name(s)
	})
}

func benchmarkNick(b *testing.B, n toc.ScreenName) {
	table := New()
	nick := table.Nick(n)
	b.ReportAllocs()
	for b.Loop() {
		if table.Nick(n) != nick {
			b.Fatal("not stable")
		}
		if _, ok := table.Name(nick); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkNickPlain(b *testing.B)     { benchmarkNick(b, "bob") }
func BenchmarkNickFormatted(b *testing.B) { benchmarkNick(b, "Cool Guy") }
func BenchmarkNickEscaped(b *testing.B)   { benchmarkNick(b, "user@mac.com") }

func BenchmarkFirstSight(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New().Nick("user@mac.com")
	}
}

// TestAllocs guards the way of every message: no allocation for a name in lower case.
func TestAllocs(t *testing.T) {
	table := New()
	table.Nick("bob")
	if n := testing.AllocsPerRun(100, func() {
		table.Nick("bob")
		table.Name("bob")
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
