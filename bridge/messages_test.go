package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tocbridge/bridge/pace"
	"tocbridge/bridge/richtext"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

const nativeCap = "09461345-4c7f-11d1-8222-444553540000"

// TestEntities: whose text beyond ASCII goes out as entities: by the setting, and by the capabilities that AIM's own
// clients have and TOC clients do not.
func TestEntities(t *testing.T) {
	t.Parallel()
	const chat, home = "748f2420-6287-11d1-8222-444553540000", "0000134e-0000-0000-0000-000000000000"
	for _, tc := range []struct {
		how  Entities
		caps []string
		im   string
		room string
	}{
		{EntitiesAuto, nil, "grüße 😀", "grüße 😀"},
		{EntitiesAuto, []string{chat}, "grüße 😀", "grüße 😀"},
		{EntitiesAuto, []string{chat, home}, "grüße 😀", "grüße 😀"},
		{EntitiesAuto, []string{chat, nativeCap}, "gr&#252;&#223;e &#128512;", "grüße 😀"},
		{EntitiesNever, []string{chat, nativeCap}, "grüße 😀", "grüße 😀"},
		{EntitiesAlways, nil, "gr&#252;&#223;e &#128512;", "gr&#252;&#223;e &#128512;"},
	} {
		t.Run(fmt.Sprint(tc.how, tc.caps), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, Options{Entities: tc.how})
			r.config("alice", buddies("bob"))
			c, end := r.login("alice")
			end.tell(here("bob", " U "), toc.BuddyCaps{Name: "bob", Caps: tc.caps})
			c.Expect(":bob!bob@aim JOIN &buddies")
			c.Send("PRIVMSG bob :grüße 😀")
			end.expect(imTo("bob", tc.im))
			c.Send("JOIN #r")
			end.expect(toc.ChatJoin{Exchange: 4, Name: "r"})
			end.tell(toc.ChatJoined{Room: 0, Name: "r"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice", "bob"}})
			c.Expect("366 alice #r *")
			c.Send("PRIVMSG #r :grüße 😀")
			end.expect(toc.ChatSend{Room: 0, Text: tc.room})
		})
	}
}

// TestEntitiesAreCounted: a text of nothing but entities is cut so that each command fits, and loses nothing.
func TestEntitiesAreCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Entities: EntitiesAlways})
	r.config("alice", buddies("bob"))
	c, end := r.login("alice", ircdtest.Caps("batch", "draft/multiline"))
	end.tell(here("bob", " U "))
	text := strings.Repeat("漢字", 70)
	c.SendRaw("BATCH +1 draft/multiline bob\r\n")
	for i := range 8 {
		tags := "@batch=1"
		if i > 0 {
			tags += ";draft/multiline-concat"
		}
		c.SendRaw(tags + " PRIVMSG bob :" + text + "\r\n")
	}
	c.SendRaw("BATCH -1\r\n")
	c.Sync()
	var got strings.Builder
	for _, cmd := range end.take() {
		im, ok := cmd.(toc.SendIM)
		if !ok {
			continue
		}
		if len(im.Line()) > toc.MaxCommand {
			t.Errorf("a command of %d bytes", len(im.Line()))
		}
		got.WriteString(richtext.ParseHTML(im.Text).String())
	}
	if got.String() != strings.Repeat(text, 8) {
		t.Errorf("%d characters arrive, want %d", utf8.RuneCountInString(got.String()), 8*140)
	}
}

func TestBrokenEmoji(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	c.Sync()
	for in, want := range map[string]string{
		"a \uFFFD\uFFFD b": "a \uFFFD b", "\uFFFD\uFFFD\uFFFD\uFFFD": "\uFFFD\uFFFD", "x\uFFFDy": "x\uFFFDy", "<b>\uFFFD\uFFFD</b>": "\x02\uFFFD\x02",
		"&#55357;&#56832;": "😀", "&#xD83D;&#xDE00;!": "😀!",
	} {
		end.tell(imFrom("bob", in))
		c.ExpectNext(":bob!bob@aim PRIVMSG alice :" + want)
	}
}

// TestBlockedIsSaid: who writes to somebody they block is told so, with the text, and nothing is sent or asked.
func TestBlockedIsSaid(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(imFrom("zoe", "hi"))
	c.Expect(":zoe!* PRIVMSG alice hi")
	c.Send("MODE &buddies +b zoe")
	c.Send("MODE &buddies +b bob")
	c.Expect("MODE &buddies +b bob!*@*")
	c.Sync()
	end.take()
	for _, nick := range []string{"zoe", "bob", "Zoe"} {
		c.Send("PRIVMSG %s :my words", nick)
		if m := c.Expect("401 alice ..."); !strings.Contains(m.Trailing(), "is blocked by you. Not sent: my words") {
			t.Errorf("%s: %q", nick, m.Trailing())
		}
	}
	c.Sync()
	for _, cmd := range end.take() {
		t.Errorf("sent all the same: %v", cmd)
	}
}

// TestTextOfWhichNothingIsLeft: control characters alone are no message, and no reason to end anything.
func TestTextOfWhichNothingIsLeft(t *testing.T) {
	t.Parallel()
	_, c, end := inRoom(t)
	for _, text := range []string{"\x02", "\x02\x0f", "\x0304", "\x07\x1b", "\x01ACTION \x01", "\x01ACTION\x01"} {
		for _, target := range []string{"bob", "#My_Room", "alice"} {
			c.SendRaw("PRIVMSG " + target + " :" + text + "\r\n")
			c.Expect("412 alice *")
			c.SendRaw("NOTICE " + target + " :" + text + "\r\n")
		}
	}
	c.SendRaw("PRIVMSG bob :   \r\n")
	end.expect(imTo("bob", "&nbsp; &nbsp;"))
	for _, m := range c.Sync() {
		t.Errorf("unasked: %s", m)
	}
}

// TestLongTextIsQuotedWhole: what could not be sent comes back complete, even where a numeric has no room for it.
func TestLongTextIsQuotedWhole(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(gone("carol"))
	c.Sync()
	words := strings.TrimSpace(strings.Repeat("wörter 漢字 ", 28))
	c.Send("PRIVMSG carol :%s", words)
	c.Expect("401 alice carol *")
	c.Send("PRIVMSG carol :%s", words)
	var told []string
	for _, m := range until(c, "401 alice carol *") {
		if m.Command == "NOTICE" {
			told = append(told, strings.TrimSpace(m.Trailing()))
		}
	}
	if got := strings.Join(told, " "); got != "carol is not signed on. Not sent: "+words {
		t.Errorf("quoted %q", got)
	}
}

// TestServerThatTells: servers like AOL's answer an IM to somebody offline with 901, or 960 if it was too fast: the text
// comes back to who said it, and nobody else's does.
func TestServerThatTells(t *testing.T) {
	t.Parallel()
	r, c, end := talk(t)
	d := r.attach("alice")
	c.Send("PRIVMSG bob :one")
	c.Send("PRIVMSG bob :two")
	d.Expect("NOTICE alice :-> two")
	end.tell(toc.ServerError{Code: 901, Arg: "Bob"})
	if m := c.Expect("401 alice bob *"); !strings.Contains(m.Trailing(), "Not sent: two") {
		t.Errorf("%q", m.Trailing())
	}
	end.tell(toc.ServerError{Code: 960, Arg: "bob"})
	if m := c.Expect("401 alice bob *"); !strings.Contains(m.Trailing(), "too fast") || !strings.Contains(m.Trailing(), "Not sent: one") {
		t.Errorf("%q", m.Trailing())
	}
	end.tell(toc.ServerError{Code: 901, Arg: "bob"}, toc.ServerError{Code: 961, Arg: "bob"}, toc.ServerError{Code: 962, Arg: "bob"})
	c.Expect("NOTICE &buddies :bob is not signed on*")
	c.Expect("NOTICE &buddies :A message from bob was too big*")
	c.Expect("NOTICE &buddies :A message from bob was lost*")
	for _, m := range d.Sync() {
		if m.Command == "401" {
			t.Errorf("the other client is told: %s", m)
		}
	}
}

// TestServerThatTellsInFull: the same with such a server.
func TestServerThatTellsInFull(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob", "carol"), AOL: tocd.AOLSwitches{IM901: true, OClass: true, ReverseConfig: true}}, Options{})
	defer shutdown()
	alice, bob := w.login("alice"), w.login("bob")
	alice.Send("PRIVMSG bob :hi")
	bob.Expect("PRIVMSG bob hi")
	bob.Close()
	synced := func() bool { return w.bridge.peer("bob") == nil }
	for !synced() {
		alice.Sync()
	}
	alice.Send("PRIVMSG bob :gone?")
	if m := alice.Expect("401 alice bob *"); !strings.Contains(m.Trailing(), "Not sent: gone?") {
		t.Errorf("%q", m.Trailing())
	}
}

// TestOneNoticeForABurstOf903: each text that was refused is named, but the pause is told once, and is no longer than the
// class of messages needs, on a server that was said to have no limits too.
func TestOneNoticeForABurstOf903(t *testing.T) {
	for _, model := range []pace.Model{pace.Off, pace.Oscar} {
		synctest.Test(t, func(t *testing.T) {
			r, shutdown := newTalkRig(t, Options{Pace: model})
			defer shutdown()
			end := r.end()
			c := r.attach()
			for i := range 6 {
				c.Send("PRIVMSG alice :line %d", i)
			}
			c.Sync()
			for range 6 {
				end.tell(toc.ServerError{Code: 903})
			}
			limit, named := 0, 0
			for _, m := range c.Sync() {
				if strings.HasPrefix(m.Trailing(), "AIM's speed limit was hit") {
					limit++
				}
				if strings.HasPrefix(m.Trailing(), "AIM dropped a message") {
					named++
				}
			}
			if limit != 1 || named != 6 {
				t.Errorf("model %d: the limit told %d times, %d lines named", model, limit, named)
			}
			end.take()
			began := time.Now()
			c.Send("PRIVMSG alice :later")
			for len(end.commands()) == 0 && time.Since(began) < 10*time.Minute {
				time.Sleep(time.Second)
				synctest.Wait()
			}
			if d := time.Since(began); d > 50*time.Second {
				t.Errorf("model %d: the next message goes out after %v", model, d)
			}
		})
	}
}

// TestHugeIMs: 64 KiB of anything become lines that fit, in order, without loss.
func TestHugeIMs(t *testing.T) {
	t.Parallel()
	const size = 65_000
	for name, html := range map[string]string{
		"words":    strings.Repeat("word & wörd ", size/14),
		"one word": strings.Repeat("x", size),
		"emoji":    strings.Repeat("👩‍👩‍👧‍👦", size/25),
		"nested":   strings.Repeat("<b><i><font color=red>", 1500) + "deep" + strings.Repeat("</font></i></b>", 1500),
		"unclosed": strings.Repeat("<b>x<a href=y", size/14),
		"lines":    strings.Repeat("a<br>", size/10),
		"entities": strings.Repeat("&#128512;&amp;", size/14),
		"link":     `<a href="http://x.example/` + strings.Repeat("y", size/2) + `">here</a>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c, end := talk(t)
			end.tell(imFrom("bob", html), imFrom("bob", "the end"))
			want, got := richtext.ParseHTML(html).IRC(), &strings.Builder{}
			for _, m := range until(c, "PRIVMSG alice :the end") {
				if m.Command != "PRIVMSG" || m.Trailing() == "the end" {
					continue
				}
				if len(m.String()) > 510 || !utf8.ValidString(m.Trailing()) {
					t.Fatalf("no good line: %.80q", m.Trailing())
				}
				got.WriteString(richtext.ParseIRC(m.Trailing()).String())
			}
			strip := func(s string) string {
				return strings.Map(func(r rune) rune {
					if r == ' ' || r == '\n' {
						return -1
					}
					return r
				}, richtext.ParseIRC(s).String())
			}
			if a, b := strip(want), strip(got.String()); a != b {
				t.Errorf("%d characters arrive, want %d", len(b), len(a))
			}
		})
	}
}

// TestWhatIsSaidArrivesInOrder: any lines to any targets, with and without limits: each command fits, and each target gets
// all its text, in its order.
func TestWhatIsSaidArrivesInOrder(t *testing.T) {
	for _, model := range []pace.Model{pace.Off, pace.Oscar} {
		rapid.Check(t, func(rt *rapid.T) {
			type line struct{ target, text string }
			lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) line {
				piece := rapid.SampledFrom([]string{"a", "é", "漢", "😀", "&", "<", `"`, `\`, "$", "{}", " x", "\x02b\x02", "\x0304,01c\x0f", "http://x.example/ ", "👩‍👩‍👧 "})
				text := strings.Join(rapid.SliceOfN(piece, 1, 60).Draw(t, "text"), "")
				return line{rapid.SampledFrom([]string{"bob", "carol", "#r"}).Draw(t, "target"), "." + text + "."}
			}), 1, 25).Draw(rt, "lines")
			synctest.Test(t, func(t *testing.T) {
				r, shutdown := newTalkRig(t, Options{Pace: model, Entities: Entities(len(lines) % 3)})
				defer shutdown()
				end := r.end(buddies("bob", "carol"))
				c := r.attach()
				end.tell(here("bob", " U "), here("carol", " U "))
				c.Send("JOIN #r")
				synctest.Wait()
				end.tell(toc.ChatJoined{Room: 0, Name: "r"}, toc.ChatMembers{Room: 0, Here: true, Names: []toc.ScreenName{"alice"}})
				c.Expect("366 alice #r *")
				want := map[string]string{}
				for _, l := range lines {
					c.SendRaw("PRIVMSG " + l.target + " :" + l.text + "\r\n")
					want[l.target] += squeeze(richtext.ParseIRC(l.text).String())
				}
				talkPass(c, 5*time.Minute)
				got := map[string]string{}
				for _, cmd := range end.take() {
					target, html := "", ""
					switch cmd := cmd.(type) {
					case toc.SendIM:
						target, html = string(cmd.To), cmd.Text
					case toc.ChatSend:
						target, html = "#r", cmd.Text
					default:
						continue
					}
					if n := len(cmd.Line()); n > toc.MaxCommand {
						t.Errorf("a command of %d bytes", n)
					}
					got[target] += squeeze(richtext.ParseHTML(html).String())
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("model %d: got\n%q, want\n%q", model, got, want)
				}
			})
		})
	}
}

// squeeze leaves out what a cut, or a join, may change: spaces and line breaks.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// TestStrangerConversation: one question for a conversation and 15 minutes, within the budget of messages.
func TestStrangerConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, shutdown := newTalkRig(t, Options{Pace: pace.Oscar})
		defer shutdown()
		end := r.end()
		c := r.attach()
		asked := func() (n int) {
			synctest.Wait()
			for _, cmd := range end.take() {
				if _, ok := cmd.(toc.GetStatus); ok {
					n++
				}
			}
			return n
		}
		say := func(want int) {
			t.Helper()
			c.Send("PRIVMSG zoe :hello")
			if n := asked(); n != want {
				t.Errorf("after %v: asked %d times, want %d", time.Since(epoch), n, want)
			}
			if want > 0 {
				end.tell(here("Zoe", " U "))
			}
			c.Sync()
		}
		say(1)
		say(0)
		talkPass(c, 14*time.Minute)
		say(0)
		talkPass(c, 2*time.Minute)
		say(1)
		end.tell(imFrom("Zoe", "hi"))
		c.Expect("PRIVMSG alice hi")
		talkPass(c, 14*time.Minute)
		say(0)
		for i := range 7 { // the budget is spent: nobody is asked about, the text goes out all the same
			c.Send("PRIVMSG alice :%d%s", i, strings.Repeat("&", 380))
		}
		c.Send("PRIVMSG yan :no question")
		talkPass(c, 2*time.Minute)
		synctest.Wait()
		var cmds []string
		for _, cmd := range end.take() {
			cmds = append(cmds, cmd.Line())
		}
		all := strings.Join(cmds, "\n")
		if strings.Contains(all, "toc_get_status") || !strings.Contains(all, `toc2_send_im yan "no question"`) {
			t.Errorf("sent\n%.300s", all)
		}
	})
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of synctest
