package ircd

import (
	"strings"
	"testing"
	"time"

	irc "gopkg.in/irc.v4"
	"pgregory.net/rapid"
)

// tagNeeds says which capability a tag needs; client-only tags need message-tags like everything else.
func tagNeeds(tag string) Cap {
	switch tag {
	case "time":
		return CapServerTime
	case "account":
		return CapAccountTag
	case "batch":
		return CapBatch
	case "label":
		return CapLabeledResponse
	}
	return CapMessageTags
}

var commandNeeds = map[string]Cap{
	"TAGMSG": CapMessageTags, "BATCH": CapBatch, "AWAY": CapAwayNotify, "ACCOUNT": CapAccountNotify, "CHGHOST": CapChghost,
	"SETNAME": CapSetname, "ACK": CapLabeledResponse, "PRIVMSG": 0, "NOTICE": 0, "QUIT": 0, "JOIN": 0, "001": 0,
}

// TestExitFilterProperty: whatever is sent to whomever, a client never sees a command, a tag or a parameter it did not
// ask for; and what it did ask for is there.
func TestExitFilterProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		have := Cap(rapid.Uint64().Draw(t, "have")) & DefaultCaps
		command := rapid.SampledFrom([]string{"TAGMSG", "BATCH", "AWAY", "ACCOUNT", "CHGHOST", "SETNAME", "ACK", "PRIVMSG", "NOTICE", "QUIT", "JOIN", "001"}).Draw(t, "command")
		m := NewMessage(&irc.Prefix{Name: "bob"}, command, "#c")
		if command == "JOIN" {
			m = NewJoin(m.Prefix, "#c", "acc", "Bob")
		}
		m.Need, m.Unless = Cap(rapid.SampledFrom([]uint64{0, 1, 6, 1 << 12}).Draw(t, "need")), Cap(rapid.SampledFrom([]uint64{0, 2, 9}).Draw(t, "unless"))
		m.Bot, m.Time = rapid.Bool().Draw(t, "bot"), time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "time"), 0)
		m.ID, m.Account = rapid.StringMatching("[a-z0-9]{0,8}").Draw(t, "id"), rapid.String().Draw(t, "account")
		m.Batch = rapid.SampledFrom([]string{"", "7"}).Draw(t, "batch")
		m.Tags = irc.Tags{"+typing": "active", "label": "stolen", "x": "y"}

		need := commandNeeds[command] | m.Need
		if want := have&need == need && have&m.Unless == 0; m.wanted(have) != want {
			t.Fatalf("wanted: %v", !want)
		}
		for range 2 { // made, and from the cache
			checkLine(t, string(m.line("irc.test", have)), m, have)
		}
	})
}

func checkLine(t *rapid.T, line string, m *Message, have Cap) {
	got := irc.MustParseMessage(line)
	for tag := range got.Tags {
		if have&tagNeeds(tag) == 0 || tag == "label" || tag == "x" {
			t.Fatalf("tag %s in %q", tag, line)
		}
	}
	for tag, there := range map[string]bool{
		"time": have&CapServerTime != 0, "account": have&CapAccountTag != 0 && m.Account != "", "batch": have&CapBatch != 0 && m.Batch != "",
		"msgid": have&CapMessageTags != 0 && m.ID != "", "bot": have&CapMessageTags != 0 && m.Bot, "+typing": have&CapMessageTags != 0,
	} {
		if _, ok := got.Tags[tag]; ok != there {
			t.Fatalf("tag %s: %v in %q", tag, ok, line)
		}
	}
	if want := strings.ReplaceAll(m.Account, "\x00", ""); got.Tags["account"] != "" && got.Tags["account"] != want {
		t.Fatalf("account %q, want %q", got.Tags["account"], want)
	}
	if long := len(got.Params) == 3; m.Command == "JOIN" && long != (have&CapExtendedJoin != 0) {
		t.Fatalf("JOIN with %d parameters", len(got.Params))
	}
}

// Each row of the table is one bit, one name, and in DefaultCaps; every bit has its row.
func TestCapabilityTable(t *testing.T) {
	t.Parallel()
	var all Cap
	names := make(map[string]bool)
	for _, row := range capabilities {
		if row.bit == 0 || row.bit&(row.bit-1) != 0 || all&row.bit != 0 || names[row.name] || len(row.text) < 10 {
			t.Errorf("row %+v", row)
		}
		all |= row.bit
		names[row.name] = true
	}
	if all != DefaultCaps {
		t.Errorf("the rows make %b, DefaultCaps is %b", all, DefaultCaps)
	}
}

// Each row of the command table says what it is for and does something somewhere.
func TestCommandTable(t *testing.T) {
	t.Parallel()
	for name, cmd := range ownCommands() {
		if len(cmd.help) < 5 || cmd.help[0] < 'A' || cmd.help[0] > 'Z' || strings.HasSuffix(cmd.help, ".") || cmd.before == nil && cmd.after == nil || cmd.min < 0 {
			t.Errorf("%s: %q", name, cmd.help)
		}
	}
}
