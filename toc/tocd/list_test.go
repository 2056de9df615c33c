package tocd

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocbridge/toc"
)

// configAfter plays commands and gives the list as the next sign-on gets it.
func (l *lab) configAfter(c *link, lines ...string) string {
	l.t.Helper()
	for _, line := range lines {
		l.say(c, line)
	}
	c.drop()
	got := l.signOn(toc.Login2, "bob", "pwbob").take()
	for _, line := range got {
		if body, ok := strings.CutPrefix(line, "CONFIG2:"); ok {
			return body
		}
	}
	l.t.Errorf("no CONFIG2 in %q", got)
	return ""
}

func TestStoredList(t *testing.T) {
	for what, test := range map[string]struct {
		lines []string
		want  string
	}{
		"nothing":           {nil, `done:\n`},
		"a group":           {[]string{`toc2_new_group "My Friends"`}, `g:My Friends\ndone:\n`},
		"a group twice":     {[]string{`toc2_new_group A`, `toc2_new_group A`, `toc2_new_group a`}, `g:A\ng:a\ndone:\n`},
		"buddies":           {[]string{"toc2_new_buddies {g:B\nb:Nosuch User\nb:x:Al Ias\n}"}, `g:B\nb:nosuchuser\nb:x:Al Ias\ndone:\n`},
		"alias and note":    {[]string{"toc2_new_buddies {g:B\nb:x:Al:::::note\nb:y::::::note\nb:z:::::::n\n}"}, `g:B\nb:x:Al:::::note\nb:y:::::note\nb:z\ndone:\n`},
		"alias is replaced": {[]string{"toc2_new_buddies {g:B\nb:x:one\n}", "toc2_new_buddies {g:B\nb:X:two\n}"}, `g:B\nb:x:two\ndone:\n`},
		"alias is lost":     {[]string{"toc2_new_buddies {g:B\nb:x:one\n}", "toc2_new_buddies {g:B\nb:x\n}"}, `g:B\nb:x\ndone:\n`},
		"empty group":       {[]string{"toc2_new_buddies {g:Empty\n}"}, `done:\n`}, // trap 15
		"empty beside full": {[]string{"toc2_new_buddies {g:Z\ng:F\nb:x\n}"}, `g:F\nb:x\ng:Z\ndone:\n`},
		"groups by name":    {[]string{"toc2_new_buddies {g:Z\nb:z\ng:A\nb:a\n}"}, `g:A\nb:a\ng:Z\nb:z\ndone:\n`},
		"a group in two":    {[]string{"toc2_new_buddies {g:A\nb:a\ng:B\nb:b\ng:A\nb:c\n}"}, `g:A\nb:a\nb:c\ng:B\nb:b\ndone:\n`},
		"backslash-n":       {[]string{`toc2_new_buddies {g:Oops\nb:dave\n}`}, `done:\n`}, // trap 15
		"no group":          {[]string{"toc2_new_buddies {b:x\n}"}, `done:\n`},
		"one bad line":      {[]string{"toc2_new_buddies {g:A\nb:x\nb:\n}"}, `done:\n`},
		"remove":            {[]string{"toc2_new_buddies {g:A\nb:x\nb:y\nb:z\n}", "toc2_remove_buddy x Z A"}, `g:A\nb:y\ndone:\n`},
		"remove everywhere": {[]string{"toc2_new_buddies {g:A\nb:x\ng:B\nb:x\nb:y\n}", "toc2_remove_buddy x *"}, `g:A\ng:B\nb:y\ndone:\n`},
		"other case":        {[]string{"toc2_new_buddies {g:A\nb:x\n}", "toc2_remove_buddy x a"}, `g:A\nb:x\ndone:\n`}, // trap 13
		"delete a group":    {[]string{"toc2_new_buddies {g:A\nb:x\ng:B\nb:x\n}", "toc2_del_group A"}, `g:B\nb:x\ndone:\n`},
		"lists and mode": {[]string{"toc2_add_deny D1 d2 d1", "toc2_set_pdmode 3", "toc2_add_permit p1", "toc2_remove_deny d1"},
			`d:d2\nm:3\np:p1\ndone:\n`},
		"denying oneself": {[]string{"toc2_add_deny x B O B y"}, `d:x\nd:b\nd:o\nd:y\ndone:\n`},
		"really oneself":  {[]string{`toc2_add_deny x "B O B" y`}, `done:\n`},
	} {
		t.Run(what, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				if got := l.configAfter(l.on("bob"), test.lines...); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
}

// TestBuddyRepliesNameAsSent is trap 14.
func TestBuddyRepliesNameAsSent(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		bob := l.on("bob")
		l.say(bob, "toc2_new_buddies {g:A\nb:No Body\nb:nobody\nb:X\n}")
		l.gets(bob, "NEW_BUDDY_REPLY2:No Body:added", "NEW_BUDDY_REPLY2:X:added")
		l.say(bob, "toc2_new_buddies {g:A\nb:NOBODY:alias\n}")
		l.gets(bob)
	})
}

// TestSiblingsHear is trap 17, in the order the lines come.
func TestSiblingsHear(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		one, two, old := l.on("bob"), l.on("bob"), l.signOn(toc.Login2, "bob", "pwbob")
		l.quiet(one, two, old)
		for _, test := range []struct {
			line string
			want []string
		}{
			{`toc2_new_group "A B"`, []string{"INSERTED2:g:", "INSERTED2:g:A B"}},
			{`toc2_new_group "A B"`, nil},
			{"toc2_new_buddies {g:A B\nb:x:Al\nb:Y\n}", []string{"INSERTED2:g:A B", "INSERTED2:b:Al:x:A B", "INSERTED2:b::y:A B"}},
			{"toc2_new_buddies {g:A B\nb:x:New\n}", []string{"INSERTED2:b:New:x:A B"}},
			{"toc2_new_buddies {g:D\nb:v\ng:C\nb:w\n}", []string{"INSERTED2:g:", "INSERTED2:g:C", "INSERTED2:g:D", "INSERTED2:b::w:C", "INSERTED2:b::v:D"}},
			{"toc2_remove_buddy x nobody w *", []string{"DELETED2:b:x:A B", "DELETED2:b:w:C", "INSERTED2:g:A B", "INSERTED2:g:C"}},
			{`toc2_del_group "A B"`, []string{"DELETED2:g:A B", "DELETED2:b:y:Buddies", "INSERTED2:g:"}},
			{"toc2_add_deny d1 D2 d1", []string{"INSERTED2:d:d1", "INSERTED2:d:d2"}},
			{"toc2_add_permit p1", []string{"INSERTED2:p:p1"}},
			{"toc2_remove_deny d2 d3", []string{"DELETED2:d:d2"}},
			{"toc2_remove_permit p1", []string{"DELETED2:p:p1"}},
			{"toc2_set_pdmode 4", nil},
			{"toc_add_buddy x", nil},
			{"toc_set_config x", nil},
		} {
			l.say(one, test.line)
			if got := two.take(); !slices.Equal(got, test.want) {
				t.Errorf("%q: sibling got %q, want %q", test.line, got, test.want)
			}
			if got := one.take(); slices.ContainsFunc(got, func(s string) bool { return !strings.HasPrefix(s, "NEW_BUDDY") }) {
				t.Errorf("%q: oneself got %q", test.line, got)
			}
		}
		l.gets(old) // not yet visible: hears nothing
	})
}

func TestTOC1SiblingsHearNothing(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		old := l.onAs(toc.SignOn1, "bob")
		l.say(old, "toc2_new_group A")
		l.say(old, "toc2_add_deny x")
		l.gets(old)
	})
}

// TestRemovedBuddyGetsNoDeparture is trap 13.
func TestRemovedBuddyGetsNoDeparture(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.on("bob")
		l.say(alice, "toc2_new_buddies {g:A\nb:bob\ng:B\nb:bob\n}")
		l.quiet(alice)
		l.say(alice, "toc2_remove_buddy bob A")
		l.gets(alice, arrives("bob", here)...) // still in B
		l.say(alice, "toc2_remove_buddy bob B")
		l.gets(alice)
		bob.drop()
		l.gets(alice)
	})
}

// TestTempPermitIsInert is trap 16.
func TestTempPermitIsInert(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		carol := l.signOn(toc.SignOn1, "carol", "pwcarol")
		bob := l.on("bob")
		l.say(carol, "toc_add_deny bob")
		l.say(carol, "toc_init_done")
		l.quiet(carol, bob)
		say := func(want ...string) {
			t.Helper()
			l.say(bob, `toc2_send_im carol "x"`)
			l.gets(carol, want...)
		}
		im := "IM_IN:bob:F:x"
		say(im)
		l.say(carol, "toc_add_permit nobody")
		say(im)
		l.say(carol, "toc_add_permit carol") // oneself: "nobody", in the docs
		say(im)
		l.say(carol, "toc_add_deny carol")
		say(im)
		l.say(carol, "toc_add_deny bob")
		say(im)
		l.say(carol, "toc2_set_pdmode 4") // together with the stored mode it does act
		say()
	})
}

func TestConfigText(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		old := l.onAs(toc.SignOn1, "bob")
		for line, want := range map[string]string{
			"toc_set_config {m 1\ng A\nb x\n}":    `{m 1\ng A\nb x\n}`,
			`toc_set_config "m 1` + "\n" + `g A"`: `m 1\ng A`,
			`toc_set_config 'x \\ y'`:             `x \\\\ y`,
		} {
			l.say(old, line)
			l.gets(old)
			next := l.signOn(toc.SignOn1, "bob", "pwbob")
			l.gets(next, "SIGN_ON:TOC1.0", "CONFIG:"+want, "NICK:bob")
			l.say(next, "toc_init_done")
			l.quiet(old)
			old = next
		}
		l.say(old, "toc_set_config")
		l.gets(old, "ERROR:913:internal server error")
	})
}

// TestListsSurvive the server's end.
func TestListsSurvive(t *testing.T) {
	inLabOnly(t, Options{}, func(l *lab) {
		stop := l.serve()
		bob := l.on("bob")
		l.say(bob, "toc2_new_buddies {g:A\nb:x:Al\n}")
		l.say(bob, "toc2_set_pdmode 4")
		l.say(bob, "toc_change_passwd pwbob changed")
		l.quiet(bob)
		stop()
		l.gets(bob, "EOF")
		defer l.serve()()
		l.gets(l.signOn(toc.Login2, "bob", "pwbob"), "ERROR:980", "EOF")
		l.gets(l.signOn(toc.Login2, "bob", "changed"), "SIGN_ON:TOC2.0", "NICK:bob", `CONFIG2:m:4\ng:A\nb:x:Al\ndone:\n`)
	})
}

// TestIndex: the reverse index of lists agrees with the lists, whatever is done
// to them.
func TestIndex(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := New(Options{Accounts: people})
		names := []string{"alicesmith", "bob", "carol", "davejones", "nobody"}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			a := s.accounts[rapid.SampledFrom(names[:4]).Draw(t, "account")]
			key := rapid.SampledFrom(names).Draw(t, "name")
			flag := rapid.IntRange(0, 5).Draw(t, "flag")
			on := rapid.Bool().Draw(t, "on")
			s.relate(a, key, func(r *relation) {
				for i, f := range []*bool{&r.permit, &r.deny, &r.temp, &r.tempBuddy, &r.tempDeny} {
					if i == flag {
						*f = on
					}
				}
				if flag == 5 {
					r.stored = 0
					if on {
						r.stored = 2
					}
				}
			})
		}
		for _, name := range names {
			var listed []string
			for key, a := range s.accounts {
				if _, ok := a.rel[name]; ok {
					listed = append(listed, key)
				}
			}
			var indexed []string
			for _, a := range s.refs[name] {
				indexed = append(indexed, a.key)
			}
			slices.Sort(listed)
			slices.Sort(indexed)
			if fmt.Sprint(listed) != fmt.Sprint(indexed) {
				t.Fatalf("%s is listed by %v, indexed by %v", name, listed, indexed)
			}
		}
	})
}
