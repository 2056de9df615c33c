package bridge

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

// step is a line of a capture: a remark, what the client sent, or what the server sent upon it.
type step struct {
	line   string
	cmd    toc.Command
	events []toc.Event
	lines  []string // of events
	eof    bool
}

// readCapture cuts a capture into sign-ons, and these into steps.
func readCapture(t *testing.T, file, who string) (signOns [][]step) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "captures", file))
	if err != nil {
		t.Fatal(err)
	}
	var now []step
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimPrefix(strings.TrimRight(line, "\n"), who+" ")
		kind, rest, _ := strings.Cut(line, " ")
		switch kind {
		case "#":
			now = append(now, step{line: line})
		case ">":
			cmd, err := toc.ParseCommand(talkUnescape(t, rest))
			if err != nil {
				t.Logf("not a command of ours: %q: %v", rest, err)
			}
			if _, ok := cmd.(toc.SignOnCommand); ok {
				if now != nil {
					signOns = append(signOns, now)
				}
				now = nil
			}
			now = append(now, step{line: line, cmd: cmd})
		case "<":
			e, err := toc.ParseEvent(talkUnescape(t, rest))
			if err != nil {
				t.Fatalf("%q: %v", rest, err)
			}
			last := &now[len(now)-1]
			last.events, last.lines = append(last.events, e), append(last.lines, line)
		case "<EOF":
			now = append(now, step{line: line, eof: true})
		}
	}
	return append(signOns, now)
}

// typed are the IRC commands by which a user of the bridge has the effect of a TOC command; none if there is no way, or
// if what the bridge sends instead is asked otherwise than in the capture.
func typed(cmd toc.Command) (lines []string) {
	mode := func(what string, names []toc.ScreenName) {
		for _, n := range names {
			lines = append(lines, fmt.Sprintf("MODE &buddies %s %s", what, n))
		}
	}
	switch cmd := cmd.(type) {
	case toc.NewBuddies:
		for _, g := range cmd.Groups {
			for _, b := range g.Buddies {
				lines = append(lines, strings.TrimRight(fmt.Sprintf("PRIVMSG &buddies :add -group %q %q %s", g.Name, string(b.Name), b.Alias), " "))
			}
		}
	case toc.RemoveBuddies:
		for _, n := range cmd.Names {
			lines = append(lines, fmt.Sprintf("PRIVMSG &buddies :remove %q", string(n)))
		}
	case toc.SetAway:
		lines = append(lines, strings.TrimSuffix("AWAY :"+richtext.ParseHTML(cmd.Text).IRC(), " :"))
	case toc.SendIM:
		for _, line := range richtext.ParseHTML(cmd.Text).Lines() {
			lines = append(lines, fmt.Sprintf("PRIVMSG %s :%s", cmd.To.Key(), line.IRC()))
		}
	case toc.SendTyping:
		lines = append(lines, fmt.Sprintf("PRIVMSG %s :\x01TYPING %d\x01", cmd.To.Key(), map[toc.TypingState]int{toc.TypingActive: 1, toc.TypingPaused: 2}[cmd.State]))
	case toc.Warn:
		lines = append(lines, "PRIVMSG &buddies :warn "+string(cmd.Name)+map[bool]string{true: " anon"}[cmd.Anon])
	case toc.ChangePassword:
		lines = append(lines, fmt.Sprintf("PRIVMSG &buddies :password %s %q", cmd.Old, cmd.New))
	case toc.SetInfo:
		lines = append(lines, "PRIVMSG &buddies :profile set "+richtext.ParseHTML(cmd.Text).IRC())
	case toc.SetDir:
		lines = append(lines, "PRIVMSG &buddies :dir set"+fieldsOf(cmd.Fields))
	case toc.NewGroup:
		if !strings.Contains(cmd.Group, `"`) {
			lines = append(lines, fmt.Sprintf("PRIVMSG &buddies :group add %q", cmd.Group))
		}
	case toc.DelGroup:
		lines = append(lines, fmt.Sprintf("PRIVMSG &buddies :group del %q -all", cmd.Group))
	case toc.SetPDMode:
		if int(cmd.Mode) < len(ways) {
			lines = append(lines, "PRIVMSG &buddies :privacy "+ways[cmd.Mode])
		}
	case toc.FormatNick:
		lines = append(lines, "NICK "+strings.ReplaceAll(string(cmd.Name), " ", ""))
	case toc.AddDeny:
		mode("+b", cmd.Names)
	case toc.RemoveDeny:
		mode("-b", cmd.Names)
	case toc.AddPermit:
		mode("+e", cmd.Names)
	case toc.RemovePermit:
		mode("-e", cmd.Names)
	}
	return lines
}

// ways are the words of privacy for AIM's modes.
var ways = []string{"", "all", "none", "permit", "deny", "buddies"}

// fieldsOf are the fields of a directory entry as dir takes them.
func fieldsOf(fields string) string {
	var b strings.Builder
	names := []string{"first", "middle", "last", "maiden", "city", "state", "country", "email", "web"}
	for i, value := range strings.Split(fields, ":") {
		if value != "" && i < len(names) {
			fmt.Fprintf(&b, " %s=%q", names[i], value)
		}
	}
	return b.String()
}

// scripted is the far end of a capture: what came upon a command comes when the bridge sends one.
type scripted struct {
	*farEnd

	mu     sync.Mutex
	answer []toc.Event // to the next command
	there  map[string]bool
}

func (f *scripted) Send(cmds ...toc.Command) error {
	for _, cmd := range cmds {
		switch q := cmd.(type) {
		case toc.GetInfo:
		case toc.GetStatus: // of strangers; the capture's own questions are not ours
			f.tell(f.status(q.Name))
			continue
		default:
			f.release()
		}
		if err := f.farEnd.Send(cmd); err != nil {
			return err
		}
	}
	return nil
}

// status answers a question about somebody: who is there, or was seen to be, is.
func (f *scripted) status(name toc.ScreenName) toc.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.there[name.Key()] {
		return toc.ServerError{Code: toc.ErrNotAvailable, Arg: string(name)}
	}
	return here(name, " U ")
}

func (f *scripted) arm(events []toc.Event) {
	f.mu.Lock()
	f.answer = events
	f.mu.Unlock()
}

// release tells what is armed, if it is.
func (f *scripted) release() {
	f.mu.Lock()
	events := f.answer
	f.answer = nil
	f.mu.Unlock()
	for _, e := range events {
		if u, ok := e.(toc.BuddyUpdate); ok {
			f.mu.Lock()
			f.there[u.Name.Key()] = u.Online
			f.mu.Unlock()
		}
	}
	if len(events) > 0 {
		f.tell(events...)
	}
}

// dialogue plays a capture to a bridge and writes down what two clients of the account see.
type dialogue struct {
	t       *testing.T
	out     strings.Builder
	clients map[string]*ircdtest.Client
	ends    chan *scripted
	end     *scripted // of the sign-on that is played
}

var watchers = []string{"plain", "modern"}

// see writes down a message without what differs from run to run.
func (d *dialogue) see(who string, m *irc.Message) {
	delete(m.Tags, "msgid")
	delete(m.Tags, "time")
	fmt.Fprintf(&d.out, "    %-6s  %s\n", who, visible(m.String()))
}

// visible spells control characters out, as a terminal would: ^B.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < ' ' {
			b.WriteByte('^')
			r += '@'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// settle writes down what came since. The order of the commands between the clients is that of the session.
func (d *dialogue) settle() {
	// What was typed may wait for an answer of AIM, and what AIM says to it comes after the first PONG.
	seen := d.clients["plain"].Sync()
	d.end.quiet()
	for _, m := range append(seen, d.clients["plain"].Sync()...) {
		d.see("plain", m)
	}
	for _, m := range d.clients["modern"].Sync() {
		d.see("modern", m)
	}
}

// until writes down what a client gets up to a message.
func (d *dialogue) until(who, pattern string) {
	for {
		m := d.clients[who].Next()
		d.see(who, m)
		if ircdtest.Match(pattern, m) == "" {
			return
		}
	}
}

func (d *dialogue) note(s step) {
	fmt.Fprintln(&d.out, s.line)
	for _, l := range s.lines {
		fmt.Fprintln(&d.out, l)
	}
}

// play tells one sign-on's events and types what its user did.
func (d *dialogue) play(end *scripted, steps []step) {
	for _, s := range steps {
		lines := typed(s.cmd)
		d.note(s)
		for i, line := range lines {
			if i == len(lines)-1 {
				end.arm(s.events)
			}
			fmt.Fprintf(&d.out, "  %s\n", visible(line))
			d.clients["plain"].SendLine(line)
			d.settle()
		}
		if len(lines) == 0 {
			end.arm(s.events)
		}
		end.release()
		if s.eof {
			return
		}
		d.settle()
	}
}

// runRefused is the dialogue of a sign-on that the server refuses.
func runRefused(t *testing.T, steps []step, nick string) string {
	refusal, _ := steps[0].events[0].(toc.ServerError)
	r := newRig(t, Options{SignOn: func(context.Context, toc.ScreenName, string) (Uplink, error) { return nil, refusal }})
	c := ircdtest.Dial(t, r.addr)
	d := &dialogue{t: t}
	d.note(steps[0])
	for _, line := range []string{"PASS secret", "NICK " + nick, "USER " + nick + " 0 * :" + nick} {
		fmt.Fprintf(&d.out, "  %s\n", line)
		c.SendLine(line)
	}
	d.clients = map[string]*ircdtest.Client{"plain": c}
	d.until("plain", "ERROR *")
	c.ExpectClosed()
	return d.out.String()
}

// runDialogue returns the transcript of a capture as two clients see it.
func runDialogue(t *testing.T, file, who, nick string, present ...string) string {
	signOns := readCapture(t, file, who)
	if _, refused := signOns[0][0].events[0].(toc.ServerError); refused {
		return runRefused(t, signOns[0], nick)
	}
	d := &dialogue{t: t, clients: map[string]*ircdtest.Client{}, ends: make(chan *scripted, len(signOns))}
	next := 0
	r := newRig(t, Options{SignOn: func(_ context.Context, name toc.ScreenName, _ string) (Uplink, error) {
		if next == len(signOns) {
			return nil, errors.New("the capture ends here")
		}
		f := &scripted{farEnd: newFarEnd(t, name), there: map[string]bool{name.Key(): true}}
		for _, other := range present {
			f.there[other] = true
		}
		first := signOns[next][0]
		f.tell(slices.DeleteFunc(slices.Clone(first.events), func(e toc.Event) bool { _, ok := e.(toc.SignedOn); return ok })...)
		next++
		d.ends <- f
		return f, nil
	}})
	for i, who := range watchers {
		c := ircdtest.Dial(t, r.addr)
		c.Register(nick, ircdtest.Pass("secret"), ircdtest.Caps([][]string{nil, {"away-notify", "extended-join", "message-tags"}}[i]...))
		d.clients[who] = c
	}
	for i, steps := range signOns {
		end := <-d.ends
		d.end = end
		d.note(steps[0])
		if i == 0 {
			for _, who := range watchers {
				d.until(who, "366 * &buddies *")
			}
		} else {
			for _, who := range watchers {
				d.until(who, "NOTICE &buddies :Signed on to AIM again*")
			}
		}
		d.settle()
		d.play(end, steps[1:])
		if i+1 < len(signOns) {
			end.Close()
		}
	}
	return d.out.String()
}

// TestGoldenDialogues: recorded conversations of a real server, told to the bridge, give these very IRC lines.
func TestGoldenDialogues(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file, who, nick string
		present         []string // who is there without being on the list
	}{
		{"05-buddies.alice", "", "alicesmith", nil}, {"05-buddies.bob", "", "bob", nil},
		{"06-presence.alice", "", "alicesmith", nil}, {"06-presence.dave", "", "davejones", nil},
		{"08-im-escaping.alice", "", "alicesmith", []string{"bob"}},
		{"10-typing.alice", "", "alicesmith", []string{"bob"}}, {"10-typing.bob", "", "bob", nil}, {"10-typing.carol", "", "carol", []string{"alicesmith"}},
		{"13-profile.dave", "", "davejones", nil},
		{"14-warn.alice", "", "alicesmith", nil}, {"14-warn.dave", "", "davejones", []string{"alicesmith"}},
		{"15-privacy.alice", "", "alicesmith", nil}, {"15-privacy.bob", "", "bob", nil},
		{"16-nickname.alice", "", "alicesmith", nil}, {"16-nickname.bob", "", "bob", nil},
		{"17-password.alice", "", "alicesmith", nil}, {"17-password.alice2", "", "alicesmith", nil}, {"17-password.alice3", "", "alicesmith", nil},
		{"18-second-login.a3", "", "alicesmith", nil}, {"18-second-login.a4", "", "alicesmith", nil}, {"18-second-login.a5", "", "alicesmith", nil},
		{"18-second-login.a6", "", "alicesmith", nil}, {"18-second-login.a7", "", "alicesmith", nil}, {"18-second-login.t1", "", "alicesmith", nil},
		{"23-directory", "alice", "alicesmith", nil},
		{"24-toc1-privacy-inert.bob", "", "bob", nil}, {"24-toc1-privacy-inert.carol", "", "carol", []string{"bob"}},
		{"25-self-buddy", "alice", "alicesmith", nil}, {"27-group-names", "alice", "alicesmith", nil},
	} {
		t.Run(tc.file, func(t *testing.T) {
			t.Parallel()
			got := runDialogue(t, tc.file+".txt", tc.who, tc.nick, tc.present...)
			golden := filepath.Join("testdata", "golden", tc.file+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the dialogue changed (-want +got), go test -run Golden -update rewrites it:\n%s", diff)
			}
		})
	}
}

// TestBigListOfACapture: ten groups of fifty buddies with aliases, as a real server sends them in one line.
func TestBigListOfACapture(t *testing.T) {
	t.Parallel()
	signOns := readCapture(t, "26-big-config.txt", "alice")
	list := signOns[len(signOns)-1][0].events
	cfg, ok := list[len(list)-1].(toc.Config)
	if !ok || len(signOns) != 2 {
		t.Fatalf("%d sign-ons, the last ends with %T", len(signOns), list[len(list)-1])
	}
	r := newRig(t, Options{})
	r.conf["alicesmith"] = cfg
	c, end := r.login("alicesmith")
	c.Send("LIST &*,!&buddies")
	var groups []string
	for _, m := range c.Sync() {
		if m.Command == "322" {
			groups = append(groups, strings.Join(m.Params[1:], " "))
		}
	}
	want := make([]string, 10)
	for i := range want {
		want[i] = fmt.Sprintf("&Group_Number_%d 0 0 of 50 buddies online", i)
	}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	var all []toc.Event
	for _, g := range cfg.Groups {
		for _, b := range g.Buddies {
			all = append(all, here(b.Name, " U "))
		}
	}
	joined := map[string]int{}
	for len(all) > 0 {
		n := min(50, len(all))
		end.tell(all[:n]...)
		all = all[n:]
		for _, m := range c.Sync() {
			if m.Command == "JOIN" {
				joined[m.Prefix.Name]++
			}
		}
	}
	if len(joined) != 500 || joined["bud9x49"] != 1 {
		t.Errorf("%d buddies joined, bud9x49 %d times", len(joined), joined["bud9x49"])
	}
	c.Send("TOPIC &group_number_7")
	c.Expect("332 alicesmith &Group_Number_7 :50 of 50 buddies online")
	c.Send("WHOIS bud3x7")
	c.Expect("311 alicesmith bud3x7 bud3x7 aim * :bud3x7 (Alias of 7)")
}

// TestEveryCaptureIsPlayed: each recorded connection is a dialogue of one of the tests, but for the big list, which has a
// test of its own.
func TestEveryCaptureIsPlayed(t *testing.T) {
	t.Parallel()
	captures, err := filepath.Glob(filepath.Join("testdata", "captures", "*.txt"))
	if err != nil || len(captures) < 45 {
		t.Fatalf("%d captures: %v", len(captures), err)
	}
	for _, path := range captures {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		_, here := os.Stat(filepath.Join("testdata", "golden", name+".txt"))
		_, there := os.Stat(filepath.Join("testdata", "talk", name+".golden"))
		if here != nil && there != nil && name != "26-big-config" {
			t.Errorf("%s is played by no test", name)
		}
	}
}
