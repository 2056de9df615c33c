package tocd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocbridge/toc"
)

// play gives the verdicts on attempts that follow each other after gaps: `.`
// passed, `r` refused, `D` disconnected.
func play(class int, gaps ...time.Duration) string {
	now := time.Unix(1e9, 0)
	l := newLimiter(class, now)
	var b strings.Builder
	for _, gap := range gaps {
		now = now.Add(gap)
		b.WriteByte(".rD"[l.attempt(now)])
	}
	return b.String()
}

// burst is a rest, then n attempts with a gap between them.
func burst(rest, gap time.Duration, n int) []time.Duration {
	gaps := []time.Duration{rest}
	for range n - 1 {
		gaps = append(gaps, gap)
	}
	return gaps
}

// TestBurstFromRest has the figures of the reference, 5.4.
func TestBurstFromRest(t *testing.T) {
	t.Parallel()
	for class, want := range map[int]struct {
		rest         time.Duration
		pass, refuse int
	}{
		1: {6 * time.Second, 109, 48},
		2: {6 * time.Second, 109, 31},
		3: {6 * time.Second, 8, 6},
		4: {8 * time.Second, 13, 7},
	} {
		t.Run(fmt.Sprint(class), func(t *testing.T) {
			t.Parallel()
			n := want.pass + want.refuse
			got := play(class, burst(want.rest, 0, n+1)...)
			if w := strings.Repeat(".", want.pass) + strings.Repeat("r", want.refuse) + "D"; got != w {
				t.Errorf("%d passed, %d refused, then %q; want %d, %d, D", strings.Count(got, "."),
					strings.Count(got, "r"), got[len(got)-1:], want.pass, want.refuse)
			}
		})
	}
}

// TestFirstIsNotFree: the average starts at its maximum, and the first command
// counts at once.
func TestFirstIsNotFree(t *testing.T) {
	t.Parallel()
	if got := play(3, burst(0, 0, 14)...); got != ".......rrrrrrD" {
		t.Errorf("right after sign-on: %q", got)
	}
}

func TestSteadyGapIsNeverRefused(t *testing.T) {
	t.Parallel()
	for class, gap := range map[int]time.Duration{1: 1500, 2: 1500, 3: 4000, 4: 4200} {
		// The integer average creeps below the gap by less than the window.
		got := play(class, burst(6*time.Second, gap*time.Millisecond+100*time.Millisecond, 2000)...)
		if strings.Contains(got, "r") {
			t.Errorf("class %d: refused at %d", class, strings.Index(got, "r"))
		}
		got = play(class, burst(6*time.Second, gap*time.Millisecond-100*time.Millisecond, 2000)...)
		if !strings.Contains(got, "r") {
			t.Errorf("class %d: a gap of %d ms is not refused", class, gap-100)
		}
	}
}

// TestSilenceRecovers after 27 s, and attempts in between postpone it.
func TestSilenceRecovers(t *testing.T) {
	t.Parallel()
	stop := burst(6*time.Second, 50*time.Millisecond, 9) // up to the first refusal
	if got := play(3, append(stop, 27*time.Second)...); got != "........r." {
		t.Errorf("after 27 s: %q", got)
	}
	if got := play(3, append(stop, 20*time.Second)...); got != "........rr" {
		t.Errorf("after 20 s: %q", got)
	}
	probing := stop
	for range 6 {
		probing = append(probing, 6*time.Second)
	}
	if got := play(3, probing...); got != "........rrrrrrr" {
		t.Errorf("probed every 6 s: %q", got)
	}
}

func TestLongSilence(t *testing.T) {
	t.Parallel()
	if got := play(3, burst(400*24*time.Hour, 0, 15)...); got != "........rrrrrrD" {
		t.Errorf("after a year: %q", got)
	}
}

// TestLimiterModel compares with the formula as the reference writes it.
func TestLimiterModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		class := rapid.IntRange(1, classes).Draw(t, "class")
		c := rateClasses[class-1]
		now := time.Unix(1e9, 0)
		l := newLimiter(class, now)
		avg, limited := c.max, false
		for range rapid.IntRange(1, 300).Draw(t, "n") {
			gap := rapid.Int64Range(0, 2*c.max).Draw(t, "gap")
			now = now.Add(time.Duration(gap) * time.Millisecond)
			avg = min(c.max, (avg*(c.window-1)+gap)/c.window)
			want := pass
			if avg < c.disconnect {
				want = disconnect
			} else {
				limited = avg < c.limit || limited && avg < c.clear
				if limited {
					want = refuse
				}
			}
			if got := l.attempt(now); got != want {
				t.Fatalf("average %d: verdict %d, want %d", avg, got, want)
			}
			if want == disconnect {
				return
			}
		}
	})
}

func TestWarningTightens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	l := newLimiter(imClass, now)
	for range 10 {
		l.tighten(100, imClass)
	}
	if l.limit != 5850 || l.clear != 5850 {
		t.Errorf("at 100 %%: limit %d, clear %d, want 5850", l.limit, l.clear)
	}
	for range 20 {
		l.tighten(-50, imClass)
	}
	if l.limit != 4010 || l.clear != 5110 {
		t.Errorf("back at 0: limit %d, clear %d; want 4010, 5110: the live server rounds each step", l.limit, l.clear)
	}
	l.tighten(-50, imClass)
	if base := rateClasses[imClass-1]; l.rateClass != base {
		t.Errorf("below 0: %+v, want %+v", l.rateClass, base)
	}
}

// TestIMBurst is trap 3: the fifteenth IM closes all sessions of the user.
func TestIMBurst(t *testing.T) {
	inLab(t, Options{RateLimits: true}, func(l *lab) {
		bob := l.on("bob")
		one, two := l.on("Alice Smith"), l.onAs(toc.SignOn2, "Alice Smith")
		l.say(bob, "toc2_new_buddies {g:G\nb:alicesmith\n}")
		l.quiet(bob, one, two)
		wait(6 * time.Second)
		for i := range 8 {
			l.say([]*link{one, two}[i%2], `toc2_send_im bob "x"`)
		}
		if got := bob.take(); len(got) != 8 {
			t.Errorf("bob got %d IMs, want 8: %q", len(got), got)
		}
		l.gets(one)
		for range 6 {
			l.say(two, "toc_get_status bob") // the same class
		}
		l.gets(two, "ERROR:903", "ERROR:903", "ERROR:903", "ERROR:903", "ERROR:903", "ERROR:903")
		if n := l.srv.Refused(); n != 6 {
			t.Errorf("Refused() = %d, want 6", n)
		}
		l.say(one, `toc2_send_im bob "the fifteenth"`)
		l.gets(one, "EOF")
		l.gets(two, "EOF")
		l.gets(bob, "UPDATE_BUDDY2:alicesmith:F:0:0:0:   :")

		again := l.on("Alice Smith") // a new sign-on starts afresh
		wait(6 * time.Second)
		l.say(again, `toc2_send_im bob "back"`)
		l.gets(again)
		l.gets(bob, append(arrives("Alice Smith", here), "IM_IN_ENC2:Alice Smith:F:F:T: U :F:L:en:back")...)
	})
}

// TestWhatCounts gives the class of every command by how many pass in a burst
// from rest, malformed or not.
func TestWhatCounts(t *testing.T) {
	for line, want := range map[string]int{
		"toc_init_done":                 109,
		"toc2_send_im nobody x":         8,
		"toc_send_im nobody x":          8,
		"toc2_send_im nobody":           8, // malformed: counts as well
		"toc2_send_im_enc n F U en x":   8,
		"toc2_client_event nobody 1":    109,
		"toc_get_status nobody":         8,
		"toc_rvous_accept bob AAAA x":   8,
		"toc_rvous_cancel bob AAAA x":   8,
		"toc_evil nobody norm":          109,
		"toc_set_away":                  109,
		"toc_set_idle 0":                109,
		"toc_set_caps":                  109,
		"toc_set_info x":                109,
		"toc_get_info x":                109,
		"toc_set_dir x":                 13,
		"toc_get_dir x":                 109,
		"toc_dir_search x":              109,
		"toc_format_nickname x":         109,
		"toc_change_passwd x y":         109,
		"toc_set_config x":              109,
		"toc2_new_group x":              109,
		"toc2_del_group x":              109,
		"toc2_new_buddies {g:G}":        109,
		"toc2_remove_buddy x G":         109,
		"toc2_set_pdmode 1":             109,
		"toc2_add_permit x":             109,
		"toc2_remove_permit x":          109,
		"toc2_add_deny x":               109,
		"toc2_remove_deny x":            109,
		"toc_add_buddy x":               109,
		"toc_remove_buddy x":            109,
		"toc_add_permit x":              109,
		"toc_add_deny x":                109,
		"toc_chat_join 4 x":             36, // each counts three times
		"toc_chat_join 9 x":             109,
		"toc_chat_invite 0 x nobody":    8,
		"toc_chat_invite 0 x n1 n2":     4, // for every name
		"toc_chat_send 0 x":             109,
		"toc_chat_whisper 0 x y":        109,
		"toc_chat_send 5 x":             200, // not in that room
		"toc_chat_leave 7":              200,
		"toc_noop":                      200,
		"toc_chat_accept 0":             36,
		"toc_chat_accept 5":             200,
		"toc_chat_join 4":               200, // malformed: does not count
		"toc2_login again":              200,
		"toc_chat_invite 0":             200,
		"toc_rvous_propose anything at": 200,
	} {
		t.Run(line, func(t *testing.T) {
			inLab(t, Options{RateLimits: true}, func(l *lab) {
				c := l.on("bob")
				l.say(c, "toc_chat_join 4 room")
				l.quiet(c)
				wait(20 * time.Minute)
				passed := 0
				for range 200 {
					c.command(line)
					wait(0)
					got := strings.Join(c.take(), " ")
					if strings.Contains(got, "ERROR:903") || strings.Contains(got, "EOF") {
						break
					}
					passed++
				}
				if passed != want {
					t.Errorf("%d passed, want %d", passed, want)
				}
			})
		})
	}
}

// TestEveryCommandCounts makes sure that the table above is complete.
func TestEveryCommandCounts(t *testing.T) {
	t.Parallel()
	if n := len(commands); n != 39 {
		t.Errorf("%d commands; TestWhatCounts knows 39", n)
	}
}

// TestWarnedIsSlower: a warned user may send fewer IMs in a burst.
func TestWarnedIsSlower(t *testing.T) {
	inLab(t, Options{RateLimits: true}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.on("bob")
		for range 3 {
			l.say(bob, `toc2_send_im alicesmith "rude"`)
			l.say(alice, "toc_evil bob norm")
		}
		l.quiet(bob)
		wait(4 * time.Minute) // before the first step of decay
		passed := 0
		for range 8 {
			l.say(bob, "toc_get_status nobody")
			if got := bob.take(); got[0] == "ERROR:903" {
				break
			}
			passed++
		}
		if passed != 6 {
			t.Errorf("at 30 %% %d pass, want 6", passed)
		}
	})
}

// TestRoomDrop is trap 12: who floods a room is dropped without being told.
func TestRoomDrop(t *testing.T) {
	inLab(t, Options{RateLimits: true}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.on("bob")
		for _, c := range []*link{alice, bob} {
			l.say(c, "toc_chat_join 4 one")
			l.say(c, "toc_chat_join 4 two")
		}
		l.quiet(alice, bob)
		wait(time.Minute)
		for range 109 + 31 {
			l.say(alice, "toc_chat_send 0 x")
		}
		got := alice.take()
		if n := strings.Count(strings.Join(got, " "), "ERROR:903"); n != 31 {
			t.Errorf("%d refusals, want 31", n)
		}
		l.quiet(bob)
		l.say(alice, "toc_chat_send 1 other")
		l.gets(alice, "CHAT_IN_ENC:1:Alice Smith:F:A:en:other")
		l.gets(bob, "CHAT_IN_ENC:1:Alice Smith:F:A:en:other")
		l.say(alice, "toc_chat_send 0 dropped")
		l.gets(alice, "CHAT_IN_ENC:0:Alice Smith:F:A:en:dropped")
		l.gets(bob, "CHAT_UPDATE_BUDDY:0:F:Alice Smith", "CHAT_IN_ENC:0:Alice Smith:F:A:en:dropped")
		l.say(bob, "toc_chat_send 0 hello?")
		l.gets(bob, "CHAT_IN_ENC:0:bob:F:A:en:hello?")
		l.gets(alice)
		for range 300 { // nothing counts any more
			l.say(alice, "toc_chat_send 0 y")
		}
		if got := alice.take(); len(got) != 300 || strings.Contains(strings.Join(got, ""), "903") {
			t.Errorf("%d answers after the drop", len(got))
		}
	})
}
