package pace

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// server is the far end, written from §5.4 of the TOC2 reference alone: per class a moving
// average of gaps, `avg = min(max, (avg·(W−1) + gap) / W)` in integers, by every attempt.
type server struct {
	t       [5]table
	avg     map[Class]int
	last    map[Class]time.Time
	limited map[Class]bool
	signOn  time.Time
}

type table struct{ w, limit, clear, disc, max int }

type verdict int

const (
	passed verdict = iota
	refusal
	closed
)

func newServer(signOn time.Time, warning int) *server {
	s := &server{signOn: signOn, avg: map[Class]int{}, last: map[Class]time.Time{}, limited: map[Class]bool{}}
	s.t = [5]table{
		1: {80, 1500, 2500, 800, 6000},
		2: {80, 1500, 3000, 1000, 6000},
		3: {20, 4000, 5100, 3000, 6000},
		4: {20, 4200, 5500, 3000, 8000},
	}
	pct := float32(warning*10) / 1000 // the server counts in tenths of a percent and rounds down
	s.t[3].limit += int(float32(5850-4000) * pct)
	s.t[3].clear += int(float32(5850-5100) * pct)
	return s
}

// join starts a room.
func (s *server) join(cl Class, now time.Time) { s.last[cl], s.avg[cl] = now, s.t[2].max }

func (s *server) command(now time.Time, cl Class) verdict {
	c := s.t[2]
	if cl > 0 {
		c = s.t[cl]
	}
	if _, ok := s.last[cl]; !ok {
		s.last[cl], s.avg[cl] = s.signOn, c.max
	}
	gap := int(now.Sub(s.last[cl]).Milliseconds())
	s.last[cl] = now
	s.avg[cl] = min(c.max, (s.avg[cl]*(c.w-1)+gap)/c.w)
	switch avg := s.avg[cl]; {
	case avg < c.disc:
		return closed
	case s.limited[cl]:
		s.limited[cl] = avg < c.clear
	default:
		s.limited[cl] = avg < c.limit
	}
	if s.limited[cl] {
		return refusal
	}
	return passed
}

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	minute   = time.Minute
	bunching = 200 // milliseconds that a command may be under way; Jitter has to cover it
)

// TestServer checks the oracle against the table of §5.4.
func TestServer(t *testing.T) {
	t.Parallel()
	for cl, want := range map[Class]struct {
		burst   int
		recover time.Duration
	}{General: {109, 83 * time.Second}, Light: {109, 123 * time.Second}, Messages: {8, 27 * time.Second}, Directory: {13, 33 * time.Second}} {
		s := newServer(epoch, 0)
		now := epoch.Add(time.Hour)
		n := 0
		for s.command(now, cl) == passed {
			n++
		}
		if n != want.burst {
			t.Errorf("class %d: %d at once, want %d", cl, n, want.burst)
		}
		if v := s.command(now.Add(want.recover), cl); v != passed {
			t.Errorf("class %d: not recovered after %v", cl, want.recover)
		}
	}
	s := newServer(epoch, 0)
	got := ""
	for range 15 {
		got += fmt.Sprint(int(s.command(epoch.Add(time.Hour), Messages)))
	}
	if got != "000000001111112" {
		t.Errorf("fifteen IMs: %s", got)
	}
}

// burst sends at one moment as many as may go and returns how many those were.
func burst(p *Pacer, now time.Time, cl Class) int {
	n := 0
	for ; !p.At(now, cl, 1).After(now) && n < 1000; n++ {
		p.Sent(now, cl)
	}
	return n
}

func TestBurst(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cl            Class
		rested, fresh int
		gap           time.Duration
	}{
		{General, 109, 108, 1700 * time.Millisecond}, {Light, 109, 108, 1700 * time.Millisecond},
		{Messages, 8, 7, 4200 * time.Millisecond}, {Directory, 13, 12, 4400 * time.Millisecond},
	} {
		p := New(Oscar, epoch)
		if n := burst(p, epoch, tc.cl); n != tc.fresh {
			t.Errorf("class %d: %d right after sign-on, want %d", tc.cl, n, tc.fresh)
		}
		now := epoch.Add(time.Hour)
		if n := burst(p, now, tc.cl); n != tc.rested {
			t.Errorf("class %d: %d from rest, want %d", tc.cl, n, tc.rested)
		}
		now = p.At(now, tc.cl, 1)
		for range 5 {
			p.Sent(now, tc.cl)
			next := p.At(now, tc.cl, 1)
			if next.Sub(now) > tc.gap {
				t.Errorf("class %d: %v to the next, want %v", tc.cl, next.Sub(now), tc.gap)
			}
			now = next
		}
	}
}

func TestAtTogether(t *testing.T) {
	t.Parallel()
	p := New(Oscar, epoch)
	now := epoch.Add(time.Hour)
	if at := p.At(now, Messages, 8); !at.Equal(now) {
		t.Errorf("eight have to wait %v", at.Sub(now))
	}
	p.Sent(now, Messages)
	eight := p.At(now, Messages, 8)
	if !eight.After(now) {
		t.Error("a ninth together with eight")
	}
	if at := p.At(now, Messages, 100); at.Before(eight) {
		t.Error("a hundred sooner than eight")
	}
	if n := burst(p, eight, Messages); n != 8 {
		t.Errorf("%d when eight were promised", n)
	}
	for _, n := range []int{0, -1} {
		if at := p.At(now, Messages, n); !at.Equal(now) {
			t.Errorf("At of %d: %v", n, at)
		}
	}
}

// TestAtIsTight: a millisecond before At, the model would be refused.
func TestAtIsTight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := New(Oscar, epoch)
		now := epoch
		cl := Class(rapid.IntRange(1, 4).Draw(t, "class"))
		for range rapid.IntRange(0, 30).Draw(t, "before") {
			now = p.At(now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "ms"))*time.Millisecond), cl, 1)
			p.Sent(now, cl)
		}
		n := rapid.IntRange(1, 7).Draw(t, "n")
		at := p.At(now, cl, n)
		try := func(at time.Time) bool {
			m := *p.meter(now, cl)
			for range n {
				m.sent(at)
			}
			return !m.limited
		}
		if !try(at) {
			t.Fatalf("%d at %v are too many", n, at.Sub(epoch))
		}
		if early := at.Add(-time.Millisecond); early.After(now) && try(early) {
			t.Fatalf("%d could have gone before %v", n, at.Sub(epoch))
		}
	})
}

func TestOffAndNone(t *testing.T) {
	t.Parallel()
	off, on := New(Off, epoch), New(Oscar, epoch)
	for range 1000 {
		for _, cl := range []Class{General, Light, Messages, Directory, off.Room(0), off.Room(77)} {
			off.Sent(epoch, cl)
			if at := off.At(epoch, cl, 50); !at.Equal(epoch) || off.Delay(epoch, cl, 50) != 0 {
				t.Fatalf("off, class %d: %v", cl, at)
			}
		}
		on.Sent(epoch, None)
		if at := on.At(epoch, None, 50); !at.Equal(epoch) || on.Delay(epoch, None, 50) != 0 {
			t.Fatalf("not counted: %v", at)
		}
	}
	off.Forget(77)
	if until := off.Refused(epoch); until.Sub(epoch) < 27*time.Second {
		t.Errorf("off, but refused: silence until %v", until)
	}
	if at := off.At(epoch, Messages, 1); at.Sub(epoch) < 27*time.Second {
		t.Errorf("off, but refused: next at %v", at)
	}
}

func TestRooms(t *testing.T) {
	t.Parallel()
	p := New(Oscar, epoch)
	now := epoch.Add(time.Hour)
	a, b := p.Room(0), p.Room(1)
	if a == b || a == Light || p.Room(0) != a {
		t.Fatalf("rooms are classes %d and %d", a, b)
	}
	if n := burst(p, now, a); n != 108 {
		t.Errorf("%d in a new room", n)
	}
	if at := p.At(now, b, 1); !at.Equal(now) {
		t.Error("one room holds up another")
	}
	if at := p.At(now, Light, 1); !at.Equal(now) {
		t.Error("a room holds up class 2")
	}
	if at := p.At(now, Messages, 1); !at.Equal(now) {
		t.Error("a room holds up IMs")
	}
	p.Forget(0)
	if at := p.At(now, a, 1); !at.Equal(now) {
		t.Error("a room that was left is remembered")
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	p := New(Oscar, epoch)
	now := epoch.Add(time.Hour)
	if d := p.Delay(now, Messages, 8); d != 0 {
		t.Errorf("the eighth waits %v", d)
	}
	if d := p.Delay(now, Messages, 0); d != 0 {
		t.Errorf("nothing waits %v", d)
	}
	want := p.Delay(now, Messages, 20)
	got := now
	for range 20 {
		got = p.At(got, Messages, 1)
		p.Sent(got, Messages)
	}
	if got.Sub(now) != want {
		t.Errorf("the twentieth went after %v, foretold were %v", got.Sub(now), want)
	}
	if want < 45*time.Second || want > 52*time.Second {
		t.Errorf("the twentieth after %v", want)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	p := New(Oscar, epoch)
	now := epoch.Add(time.Hour)
	p.Sent(now, Messages)
	p.Sent(now, General)
	until := p.Refused(now.Add(time.Second))
	if d := until.Sub(now.Add(time.Second)); d != 27*time.Second {
		t.Errorf("silence of %v, want 27s", d)
	}
	if at := p.At(now.Add(2*time.Second), Messages, 1); !at.Equal(until) {
		t.Errorf("next IM at %v, silence until %v", at, until)
	}
	if at := p.At(now.Add(2*time.Second), General, 1); at.After(now.Add(2 * time.Second)) {
		t.Error("class 1, hardly used, is silent too")
	}
	more := p.Refused(now.Add(1100 * time.Millisecond))
	if !more.After(until) {
		t.Error("a second command refused makes no difference")
	}
	p.Sent(more, Messages)
	if at := p.At(more, Messages, 1); at.Sub(more) > 5*time.Second {
		t.Errorf("after the silence the next waits %v", at.Sub(more))
	}
	if again := p.Refused(more.Add(time.Second)); again.Sub(more) < 20*time.Second {
		t.Errorf("refused again: only %v", again.Sub(more))
	}
}

// TestRefusedGuess: which class falls silent, by what was sent before the 903.
func TestRefusedGuess(t *testing.T) {
	t.Parallel()
	all := func(p *Pacer) []Class { return []Class{General, Light, Messages, Directory, p.Room(5)} }
	for _, tc := range []struct {
		name  string
		sent  map[Class]int
		quiet map[Class]time.Duration
	}{
		{"nothing sent", nil, map[Class]time.Duration{Messages: 27 * time.Second}},
		{"one IM", map[Class]int{Messages: 1}, map[Class]time.Duration{Messages: 27 * time.Second}},
		{"only typing", map[Class]int{General: 1}, map[Class]time.Duration{General: 83 * time.Second}},
		{"much of a list", map[Class]int{General: 90, Messages: 1},
			map[Class]time.Duration{General: 83 * time.Second, Messages: 27 * time.Second}},
		{"a room", map[Class]int{-6: 100}, map[Class]time.Duration{-6: 123 * time.Second}},
		{"directory", map[Class]int{Directory: 1}, map[Class]time.Duration{Directory: 33 * time.Second}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := New(Oscar, epoch)
			now := epoch.Add(time.Hour)
			for cl, n := range tc.sent {
				for range n {
					p.Sent(now, cl)
				}
			}
			var longest time.Duration
			until := p.Refused(now)
			for _, cl := range all(p) {
				d := p.At(now, cl, 1).Sub(now)
				if d != tc.quiet[cl] {
					t.Errorf("class %d is silent for %v, want %v", cl, d, tc.quiet[cl])
				}
				longest = max(longest, d)
			}
			if until.Sub(now) != longest {
				t.Errorf("Refused says %v, At %v", until.Sub(now), longest)
			}
		})
	}
	p := New(Oscar, epoch)
	now := epoch.Add(time.Hour)
	p.Sent(now, General)
	now = now.Add(minute)
	p.Refused(now)
	if at := p.At(now, General, 1); at.After(now) {
		t.Error("a class not used for a minute is suspected")
	}
}

func TestWarning(t *testing.T) {
	t.Parallel()
	now := epoch.Add(time.Hour)
	for level, want := range map[int]int{-5: 8, 0: 8, 30: 6, 100: 1, 1000: 1} {
		p := New(Oscar, epoch)
		p.SetWarning(level)
		if n := burst(p, now, Messages); n != want {
			t.Errorf("warned to %d%%: %d at once, want %d", level, n, want)
		}
		if n := burst(p, now, General); n != 109 {
			t.Errorf("warned to %d%%: %d in class 1", level, n)
		}
	}
	p := New(Oscar, epoch)
	burst(p, now, Messages)
	calm := p.At(now, Messages, 1)
	p.SetWarning(50)
	if at := p.At(now, Messages, 1); !at.After(calm) {
		t.Error("a warning makes no difference to what waits")
	}
	p.SetWarning(0)
	if at := p.At(now, Messages, 1); !at.Equal(calm) {
		t.Error("a warning that has gone is remembered")
	}
}

// TestNeverRefused: whatever is wanted when, who obeys is never told 903, although commands
// take between nothing and 200 ms to arrive.
func TestNeverRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		warning := rapid.IntRange(0, 100).Draw(t, "warning")
		signOn := epoch.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "sign-on ms")) * time.Millisecond)
		s := newServer(signOn, warning)
		p := New(Oscar, epoch)
		p.SetWarning(warning)
		now, arrived := epoch, epoch
		joined := map[int]bool{}
		for range rapid.IntRange(1, 300).Draw(t, "commands") {
			now = now.Add(pause(t))
			cl := Class(rapid.SampledFrom([]int{1, 2, 3, 3, 3, 4, -1, -2}).Draw(t, "class"))
			if room := int(-1 - cl); cl < 0 && !joined[room] {
				s.join(cl, now)
				joined[room] = true
			}
			n := rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "n")
			now = p.At(now, cl, n)
			if warning > 60 {
				n = 1 // three at once can never go
				now = p.At(now, cl, n)
			}
			for range n {
				p.Sent(now, cl)
				at := now.Add(time.Duration(rapid.IntRange(0, bunching).Draw(t, "travel")) * time.Millisecond)
				if at.Before(arrived) {
					at = arrived
				}
				arrived = at
				if v := s.command(at, cl); v != passed {
					t.Fatalf("class %d at %v: verdict %d, the server's average is %d", cl, now.Sub(epoch), v, s.avg[cl])
				}
			}
		}
	})
}

func pause(t *rapid.T) time.Duration {
	return time.Duration(rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 300), rapid.IntRange(0, 7000), rapid.IntRange(0, 200000)).Draw(t, "pause ms")) * time.Millisecond
}

// TestWorstBunching: late, then early, in turn, as fast as allowed for hours.
func TestWorstBunching(t *testing.T) {
	t.Parallel()
	for cl := General; cl <= Directory; cl++ {
		s, p, now := newServer(epoch, 0), New(Oscar, epoch), epoch
		for i := range 5000 {
			now = p.At(now, cl, 1)
			p.Sent(now, cl)
			if v := s.command(now.Add(bunching*time.Millisecond*time.Duration(i%2)), cl); v != passed {
				t.Fatalf("class %d, command %d: verdict %d", cl, i, v)
			}
		}
	}
}

// TestSibling: another session of the user spends from our budget. We are refused, but never
// cause the user to be disconnected, and get through in the end.
func TestSibling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, p := newServer(epoch, 0), New(Oscar, epoch)
		latency := time.Duration(rapid.IntRange(0, 1000).Draw(t, "latency ms")) * time.Millisecond
		sibling := epoch.Add(time.Duration(rapid.IntRange(0, 60000).Draw(t, "sibling ms")) * time.Millisecond)
		left := rapid.IntRange(1, 4).Draw(t, "sibling's")
		now := epoch
		var news []time.Time // when 903s reach us
		streak, refusals := 0, 0
		for range 60 {
			next := p.At(now, Messages, 1)
			if len(news) > 0 && !news[0].After(next) {
				now = news[0]
				news = news[1:]
				p.Refused(now)
				continue
			}
			now = next
			for ; left > 0 && !sibling.After(now); left-- {
				if s.command(sibling, Messages) == closed {
					t.Skip("the sibling did it")
				}
			}
			p.Sent(now, Messages)
			switch s.command(now, Messages) {
			case closed:
				t.Fatalf("disconnected at %v", now.Sub(epoch))
			case refusal:
				news = append(news, now.Add(latency))
				refusals++
				streak = 0
			default:
				streak++
			}
		}
		if streak < 20 {
			t.Fatalf("refused %d times, only %d passed since", refusals, streak)
		}
	})
}

func BenchmarkAtSent(b *testing.B) {
	p := New(Oscar, epoch)
	now := epoch
	b.ReportAllocs()
	for b.Loop() {
		now = p.At(now, Messages, 1)
		p.Sent(now, Messages)
	}
}

func BenchmarkOff(b *testing.B) {
	p := New(Off, epoch)
	b.ReportAllocs()
	for b.Loop() {
		p.Sent(p.At(epoch, Messages, 1), Messages)
	}
}

func BenchmarkDelay30(b *testing.B) {
	p := New(Oscar, epoch)
	b.ReportAllocs()
	for b.Loop() {
		p.Delay(epoch, Messages, 30)
	}
}
