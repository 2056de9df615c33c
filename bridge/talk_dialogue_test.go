package bridge

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/nicks"
	"tocbridge/bridge/richtext"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

var talkUpdate = flag.Bool("update-im", false, "rewrite bridge/testdata/talk/*.golden")

// talkLine is a line of a capture: what stands in front of the first space, and the rest without escapes.
type talkLine struct{ kind, text string }

func talkCapture(t *testing.T, name string) (lines []talkLine) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "captures", name))
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(string(b), "\n"), "\n") {
		kind, text, _ := strings.Cut(l, " ")
		if kind == ">F4" || kind == "#" {
			lines = append(lines, talkLine{kind, text})
			continue
		}
		lines = append(lines, talkLine{kind, talkUnescape(t, text)})
	}
	return lines
}

func talkUnescape(t *testing.T, s string) string {
	t.Helper()
	known := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t")
	return regexp.MustCompile(`\\x[0-9a-f]{2}|\\.`).ReplaceAllStringFunc(s, func(esc string) string {
		if !strings.HasPrefix(esc, `\x`) {
			return known.Replace(esc)
		}
		n, err := strconv.ParseUint(esc[2:], 16, 8)
		if err != nil {
			t.Fatalf("%s: %v", esc, err)
		}
		return string([]byte{byte(n)})
	})
}

// talkEnd is a far end that knows who is signed on, and gives out the pages of a capture.
type talkEnd struct {
	*farEnd
	absent map[string]bool
	pages  map[string]talkPage // by path
}

type talkPage struct {
	html string
	err  error
}

func (e *talkEnd) Send(cmds ...toc.Command) error {
	for _, cmd := range cmds {
		q, ok := cmd.(toc.GetStatus)
		switch {
		case ok && e.absent[q.Name.Key()]:
			e.tell(toc.ServerError{Code: 901, Arg: string(q.Name)})
		case ok:
			e.tell(here(q.Name, " U "))
		default:
			if err := e.farEnd.Send(cmd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *talkEnd) Get(_ context.Context, u toc.GotoURL) (string, error) {
	p := e.pages[u.Path]
	return p.html, p.err
}

// talkDialogue plays a capture to a bridge and writes down what both sides of the bridge say.
type talkDialogue struct {
	t      *testing.T
	c      *ircdtest.Client
	end    *talkEnd
	rig    *rig
	logins chan *talkEnd
	out    strings.Builder
	rooms  map[int]string // channels by id
	slow   bool           // a 903 has come
	held   bool           // the user's next command waits for the server's answer to this one
	cards  []string       // whose profile was asked for
	asked  bool           // the user has said something that the server now answers
}

var talkMasks = []*regexp.Regexp{regexp.MustCompile(`cookie=([0-9a-f]+)`), regexp.MustCompile(`Signed on since (.*)`), regexp.MustCompile(`(?:next message|#Flood) goes out in (.*s)\b`), regexp.MustCompile(` 329 \S+ \S+ (\d+)`), regexp.MustCompile(` 333 \S+ \S+ \S+ (\d+)`)}

// note writes a line down; what varies is masked, control characters are spelled out.
func (d *talkDialogue) note(who, line string) {
	for _, mask := range talkMasks {
		for _, at := range mask.FindAllStringSubmatchIndex(line, 1) {
			line = line[:at[2]] + "<masked>" + line[at[3]:]
		}
	}
	var b strings.Builder
	for _, r := range line {
		if r < ' ' || r == 0x7f {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	fmt.Fprintf(&d.out, "%-5s%s\n", who, b.String())
}

// look writes down what the user sees of all that was told, and what the bridge sends to AIM.
func (d *talkDialogue) look() {
	d.end.quiet()
	seen := d.c.Sync()
	if calmDown(d.rig, d.end.name.Key()) {
		seen = append(seen, d.c.Sync()...)
	}
	for _, m := range seen {
		d.note("irc<", m.String())
	}
	d.sent()
}

func (d *talkDialogue) sent() {
	for _, cmd := range d.end.take() {
		d.note("aim>", cmd.Line())
	}
}

// until writes down what the user sees, up to a line that matches one of the patterns.
func (d *talkDialogue) until(patterns ...string) {
	d.t.Helper()
	for {
		m := d.c.Next()
		d.note("irc<", m.String())
		if slices.ContainsFunc(patterns, func(p string) bool { return ircdtest.Match(p, m) == "" }) {
			return
		}
	}
}

// say is the user at the keyboard.
func (d *talkDialogue) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	d.note("irc>", line)
	d.c.SendRaw(line + "\r\n")
	d.asked = true
}

// played is a command of the capture as the user of an IRC client gives it; false: there is no such thing.
func (d *talkDialogue) played(cmd toc.Command) bool {
	line := func(html string) string {
		return strings.ReplaceAll(richtext.ParseHTML(html).IRC(), "\n", " ")
	}
	switch cmd := cmd.(type) {
	case toc.SendIM:
		if cmd.Auto || cmd.Text == "" {
			return false
		}
		d.say("PRIVMSG %s :%s", cmd.To.Key(), line(cmd.Text))
	case toc.ChatSend:
		if d.rooms[cmd.Room] == "" {
			return false
		}
		d.say("PRIVMSG %s :%s", d.rooms[cmd.Room], line(cmd.Text))
	case toc.ChatJoin:
		return d.join(nicks.Channel(cmd.Exchange, cmd.Name), toc.ChatJoin{Exchange: cmd.Exchange, Name: cmd.Name}, cmd.Exchange == 4 || cmd.Exchange == 5)
	case toc.ChatAccept:
		return d.join(d.rooms[cmd.Room], cmd, d.rooms[cmd.Room] != "")
	case toc.ChatLeave:
		if d.rooms[cmd.Room] == "" {
			return false
		}
		d.say("PART %s", d.rooms[cmd.Room])
		delete(d.rooms, cmd.Room)
	case toc.ChatInviteTo:
		for _, name := range cmd.Names {
			d.say("INVITE %s %s", name.Key(), d.rooms[cmd.Room])
		}
	case toc.SetAway:
		d.say("AWAY :%s", line(cmd.Text))
	case toc.GetInfo:
		d.say("PRIVMSG &buddies :info %s", cmd.Name)
		if slices.Contains(d.cards, cmd.Name.Key()) {
			return false // not asked for again within a minute
		}
		d.held, d.cards = true, append(d.cards, cmd.Name.Key())
		d.end.expect(toc.GetInfo{Name: toc.ScreenName(cmd.Name.Key())})
	case toc.NewBuddies:
		for _, g := range cmd.Groups {
			for _, b := range g.Buddies {
				d.say(`PRIVMSG &buddies :add -group "%s" %s %s`, g.Name, b.Name, b.Alias)
			}
		}
	case toc.RemoveBuddies:
		for _, name := range cmd.Names {
			d.say("KICK &buddies %s", name)
		}
	case toc.NewGroup, toc.DelGroup, toc.SetPDMode, toc.AddDeny, toc.RemoveDeny, toc.AddPermit, toc.RemovePermit:
		for _, line := range typed(cmd) {
			d.say("%s", line)
		}
	default:
		return false
	}
	return true
}

func (d *talkDialogue) join(channel string, want toc.Command, possible bool) bool {
	if !possible {
		return false
	}
	for _, in := range d.rooms {
		if _, again := want.(toc.ChatJoin); again && in == channel {
			return false // JOIN of a channel one is in does nothing
		}
	}
	d.say("JOIN %s", channel)
	d.held = true
	d.end.expect(want)
	d.note("aim>", want.Line())
	return true
}

// hear is a line of the server.
func (d *talkDialogue) hear(line string) {
	e, err := toc.ParseEvent(line)
	if err != nil {
		d.t.Fatalf("%q: %v", line, err)
	}
	if _, isError := e.(toc.ServerError); isError && !d.asked {
		return // the answer to a command that nobody can give on IRC
	}
	d.note("aim<", line)
	switch e := e.(type) {
	case toc.ChatJoined:
		d.rooms[e.Room] = nicks.Channel(4, e.Name)
	case toc.ChatInvite:
		d.rooms[e.Room] = nicks.Channel(4, e.Name)
	}
	d.end.tell(e)
	if fault, ok := e.(toc.ServerError); ok && fault.Code == 903 { // then Sync is no fence: nothing is sent to AIM for a while
		if !d.slow {
			d.until("NOTICE &buddies :AIM's speed limit*")
		}
		d.slow = true // one notice for all of them
	}
	if _, page := e.(toc.GotoURL); page {
		d.until("PRIVMSG &buddies :| *", "PRIVMSG &buddies :No profile.")
	}
}

// lost is the end of a connection, and the next sign-on if the capture has one.
func (d *talkDialogue) lost(next *talkEnd) {
	d.look()
	d.note("aim<", "EOF")
	d.end.Close()
	d.until("NOTICE &buddies :Not connected to AIM*")
	if next == nil {
		d.look()
		return
	}
	d.end = next
	clear(d.rooms)
	d.logins <- next
	d.until("NOTICE &buddies :Signed on to AIM again.")
	d.look()
}

// talkLogins are the sign-ons of a capture with the lines that follow each.
func talkLogins(t *testing.T, lines []talkLine, absent ...string) (ends []*talkEnd, parts [][]talkLine) {
	t.Helper()
	for i, l := range lines {
		cmd, _, _ := strings.Cut(l.text, " ")
		switch {
		case l.kind == ">" && (cmd == "toc2_login" || cmd == "toc2_signon"):
			end := &talkEnd{absent: map[string]bool{}, pages: map[string]talkPage{}}
			for _, name := range absent {
				end.absent[name] = true
			}
			ends, parts = append(ends, end), append(parts, nil)
		case len(ends) == 0:
		case l.kind == "<" && strings.HasPrefix(l.text, "SIGN_ON:"), l.kind == ">" && cmd == "toc_init_done":
		case l.kind == "<" && strings.HasPrefix(l.text, "NICK:") && ends[len(ends)-1].farEnd == nil:
			ends[len(ends)-1].farEnd = newFarEnd(t, toc.ScreenName(strings.TrimPrefix(l.text, "NICK:")))
			ends[len(ends)-1].tell(toc.Nick{Name: ends[len(ends)-1].name})
		case l.kind == "<" && strings.HasPrefix(l.text, "CONFIG2:"):
			cfg, err := toc.ParseEvent(l.text)
			if err != nil {
				t.Fatal(err)
			}
			ends[len(ends)-1].tell(cfg)
		case l.kind == "<HTTP":
			path := strings.TrimPrefix(lines[i-1].text, "GET /")
			page := talkPage{err: toc.ErrNoProfile}
			if strings.HasPrefix(l.text, "200") {
				page = talkPage{html: lines[i+1].text}
			}
			ends[len(ends)-1].pages[path] = page
		default:
			parts[len(parts)-1] = append(parts[len(parts)-1], l)
		}
	}
	return ends, parts
}

func talkPlay(t *testing.T, file string, absent ...string) string {
	t.Helper()
	ends, parts := talkLogins(t, talkCapture(t, file), absent...)
	if len(ends) == 0 || ends[0].farEnd == nil {
		t.Fatalf("%s: nobody signs on", file)
	}
	d := &talkDialogue{t: t, end: ends[0], logins: make(chan *talkEnd, 1), rooms: map[int]string{}}
	r := newRig(t, Options{SignOn: func(ctx context.Context, _ toc.ScreenName, _ string) (Uplink, error) {
		select {
		case e := <-d.logins:
			return e, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}})
	d.rig = r
	d.logins <- d.end
	d.c = r.attach(ends[0].name.Key())
	d.look()
	for i, part := range parts {
		for _, l := range part {
			if end := talkUntil[file]; end != "" && l.text == end {
				break
			}
			d.step(l, append(ends[i+1:len(ends):len(ends)], nil)[0])
		}
	}
	d.look()
	return d.out.String()
}

func (d *talkDialogue) step(l talkLine, next *talkEnd) {
	d.t.Helper()
	switch l.kind {
	case ">":
		d.look()
		cmd, err := toc.ParseCommand(l.text)
		d.asked = false
		if err != nil || !d.played(cmd) {
			d.note("skip", l.text)
		} else if !d.held {
			d.look()
		}
		d.held = false
	case "<":
		d.hear(l.text)
	case "<EOF":
		d.lost(next)
	case "#":
		d.look()
		d.note("#", l.text)
	}
}

// talkDialogues are the captures that are played, with those whom the server does not find in them.
var talkDialogues = map[string][]string{
	"07-im.alice": {"nosuch", "carol"}, "07-im.dave": nil,
	"08-im-escaping.bob":  nil,
	"09-im-charset.alice": nil, "09-im-charset.bob": nil,
	"11-chat.alice": {"nosuch"}, "11-chat.bob": nil, "11-chat.dave": nil,
	"12-chat-odd.alice": nil, "12-chat-odd.bob": nil,
	"13-profile.alice":   {"carol"},
	"18-second-login.a1": nil, "18-second-login.a2": nil, "18-second-login.bob": nil,
	"22-rate-chat.alice": nil, "22-rate-chat.bob": nil,
	"28-utf8-elsewhere.alice": nil, "28-utf8-elsewhere.bob": nil,
}

// talkUntil are lines at which a dialogue ends: what the bridge held back until then, the live server had already heard.
var talkUntil = map[string]string{"22-rate-chat.alice.txt": "toc_chat_leave 0"}

// TestTalkDialogues: what a live server once said, and what the user of an IRC client sees of it, line by line.
func TestTalkDialogues(t *testing.T) {
	t.Parallel()
	for name, absent := range talkDialogues {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := talkPlay(t, name+".txt", absent...)
			golden := filepath.Join("testdata", "talk", name+".golden")
			if *talkUpdate {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("-want +got (rewrite with -update-im):\n%s", diff)
			}
		})
	}
}

// TestTalkDialoguesAreSane: properties that every line which a user sees has, whatever was said.
func TestTalkDialoguesAreSane(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "talk", "*.golden"))
	if err != nil || len(files) != len(talkDialogues) {
		t.Fatalf("%d golden files for %d dialogues: %v", len(files), len(talkDialogues), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range strings.Split(string(b), "\n") {
			line, ok := strings.CutPrefix(l, "irc< ")
			if !ok {
				continue
			}
			if err := talkSane(line); err != nil {
				t.Errorf("%s:%d: %v: %s", f, i+1, err, line)
			}
		}
	}
}

func talkSane(line string) error {
	m, err := irc.ParseMessage(line)
	switch {
	case err != nil:
		return err
	case m.Prefix == nil || m.Prefix.Name == "":
		return errors.New("nobody says it")
	case len(line) > 510:
		return errors.New("too long")
	case m.Command == "PRIVMSG" && regexp.MustCompile(`(?i)</?(html|body|font|b|br)\b[^>]*>|&(amp|quot|lt|gt);`).MatchString(m.Trailing()):
		return errors.New("HTML is left")
	case m.Command == "JOIN" && len(m.Params) == 0:
		return errors.New("joins nothing")
	}
	return nil
}

func TestTalkSaneFindsFaults(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"PRIVMSG a b", ":x!y@z PRIVMSG a :<B>b</B>", ":x!y@z PRIVMSG a :b &amp; c", ":x!y@z JOIN", ":x!y@z PRIVMSG a :" + strings.Repeat("x", 510)} {
		if talkSane(line) == nil {
			t.Errorf("%.40q passes", line)
		}
	}
	if err := talkSane(":x!y@z PRIVMSG a :1 < 2"); err != nil {
		t.Error(err)
	}
}
