package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	irc "gopkg.in/irc.v4"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// recorded is a line of a recorded dialogue.
type recorded struct {
	fromClient bool
	text       string
}

// readRecording reads a dialogue: > from the client, < from the server, # notes.
func readRecording(t *testing.T, path string) (lines []recorded) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if mark, rest, _ := strings.Cut(line, " "); mark == ">" || mark == "<" {
			lines = append(lines, recorded{mark == ">", rest})
		}
	}
	return lines
}

// A replay sends what a client sent, when it has got what the client got before that.
type replay struct {
	t *testing.T
	c *ircdtest.Client
}

// comings tells whether a message is about the two of the cast who come and go as time passes.
func comings(m *irc.Message) bool {
	text := m.String()
	return m.Command != irc.RPL_NAMREPLY && (strings.Contains(text, "Comet") || strings.Contains(text, "TeaTimeTom"))
}

// inBurst tells whether a message belongs to the welcome, which says what it likes.
func inBurst(m *irc.Message) bool {
	n := m.Command
	return len(n) == 3 && (n <= "005" || "250" <= n && n <= "266" || "372" <= n && n <= "376")
}

// optional are messages that a client need not wait for.
func optional(m *irc.Message) bool {
	more := m.Command == "CAP" && m.Param(2) == "*" // a list of capabilities goes on
	return comings(m) || inBurst(m) || more || m.Command == irc.RPL_LIST || m.Command == ircd.RPL_WHOISSPECIAL
}

// differs says in what a message is not the recorded one; "" if it is. Texts for people, times and the number of
// people in a channel are not compared.
func differs(want, got *irc.Message) string {
	wantParams, gotParams := slices.Clone(want.Params), slices.Clone(got.Params)
	for _, params := range []*[]string{&wantParams, &gotParams} {
		*params = steady(want.Command, *params)
	}
	switch {
	case want.Command != got.Command:
		return "command"
	case want.Prefix.Name != got.Prefix.Name:
		return "source"
	case len(want.Params) != len(got.Params):
		return "number of parameters"
	case !slices.Equal(wantParams, gotParams):
		return "parameters"
	}
	for tag := range want.Tags {
		if _, ok := got.Tags[tag]; !ok {
			return "no tag " + tag
		}
	}
	for tag := range got.Tags {
		if _, ok := want.Tags[tag]; !ok {
			return "unasked tag " + tag
		}
	}
	return ""
}

// steady are the parameters that are the same in each run.
func steady(command string, params []string) []string {
	switch command {
	case irc.RPL_NAMREPLY:
		names := slices.DeleteFunc(strings.Fields(params[len(params)-1]), func(n string) bool {
			return strings.Contains(n, "Comet") || strings.Contains(n, "TeaTimeTom")
		})
		return append(params[:len(params)-1], names...)
	case irc.RPL_WHOISIDLE:
		return params[:2] // seconds, since when
	case "CAP":
		if params[1] == "LS" {
			return params[:2] // all that we have
		}
		return params
	case "PRIVMSG", "NOTICE", "329":
		return params[:len(params)-1]
	}
	isText := command != irc.RPL_CHANNELMODEIS && command != irc.RPL_UMODEIS
	if command[0] >= '0' && command[0] <= '9' && isText {
		return params[:len(params)-1]
	}
	return params
}

// expect wants a message like the recorded one next, but for what comes and goes.
func (r *replay) expect(text string) {
	r.t.Helper()
	want := irc.MustParseMessage(text)
	if optional(want) {
		return
	}
	for {
		got := r.c.Next()
		why := differs(want, got)
		switch {
		case why == "":
			return
		case optional(got):
		default:
			r.t.Fatalf("%s: recorded %q, now %q", why, want, got)
		}
	}
}

// HexChat's dialogue as recorded: what it asks for, in its order, and that it gets all it got then.
func TestRealClientsHexChat(t *testing.T) {
	t.Parallel()
	lines := readRecording(t, "testdata/hexchat.txt")
	p := start(t, "demo", "--listen", "127.0.0.1:0")
	r := &replay{t, ircdtest.Dial(t, "127.0.0.1:"+strings.TrimSuffix(p.find("Ready on 127.0.0.1 port "), "."))}
	r.c.Pongs = true // as every client does
	sent, got := 0, 0
	for _, line := range lines {
		if line.fromClient {
			r.c.SendLine(line.text)
			sent++
		} else {
			r.expect(line.text)
			got++
		}
	}
	if sent < 25 || got < 80 {
		t.Errorf("%d lines sent, %d expected: is that all of the recording?", sent, got)
	}
	r.c.ExpectClosed()
}

// The replay finds what a client would stumble over.
func TestReplayFindsDifferences(t *testing.T) {
	t.Parallel()
	const nick, whois = "@time=1;account=a :a!a@aim NICK A", ":s 311 a Polly polly aim * :Polly"
	for _, tt := range []struct{ want, got, why string }{
		{nick, "@time=2;account=b :a!x@aim NICK A", ""},
		{nick, "@time=2 :a!a@aim NICK A", "no tag account"},
		{nick, "@time=2;account=b;msgid=x :a!a@aim NICK A", "unasked tag msgid"},
		{nick, "@time=2;account=b :a!a@aim NICK B", "parameters"},
		{nick, "@time=2;account=b :b!a@aim NICK A", "source"},
		{whois, ":s 311 a Polly polly aim * :Somebody", ""},
		{whois, ":s 311 * Polly polly aim * :Polly", "parameters"},
		{whois, ":s 311 a Polly polly aim :Polly", "number of parameters"},
		{":s 324 a #c +nt", ":s 329 a #c 1", "command"},
		{":s 353 a = #c :a Comet Polly", ":s 353 a = #c :a Polly", ""},
		{":s 353 a = #c :a Comet Polly", ":s 353 a = #c :a", "parameters"},
		{":s CAP * LS :a b", ":s CAP * LS :a b c", ""},
		{":s CAP * ACK :a b", ":s CAP * ACK :a", "parameters"},
	} {
		if why := differs(irc.MustParseMessage(tt.want), irc.MustParseMessage(tt.got)); why != tt.why {
			t.Errorf("%q and %q: %q, want %q", tt.want, tt.got, why, tt.why)
		}
	}
}
