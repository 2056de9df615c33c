package bridge

import (
	"fmt"
	"strings"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
)

func accountCommands() []controlCommand {
	return []controlCommand{
		{name: "account", topic: "account", also: []string{"status"}, usage: "[on|off]", brief: "the link to AIM: since when, what waits, who else; on and off are signon and signoff", run: (*session).controlAccount},
		{name: "signoff", topic: "account", also: []string{"offline", "disconnect", "logout"}, brief: "leave AIM and stay here", run: (*session).controlSignOff,
			long: []string{"Nobody sees you on AIM then, and you see nobody; your channels stay. signon comes back."}},
		{name: "signon", topic: "account", also: []string{"online", "connect", "login"}, brief: "come back to AIM, or try again at once", run: (*session).controlSignOn},
		{name: "reconnect", topic: "account", brief: "sign off and on again", run: (*session).controlReconnect},
		{name: "nick", topic: "account", also: []string{"format"}, usage: "NAME", min: 1, brief: "change upper and lower case and the spaces of your own screen name", run: (*session).controlNick,
			long: []string{"nick \"Cool Guy\". Others see it at once. /nick CoolGuy changes the case alone."}},
		{name: "password", topic: "account", usage: "OLD NEW", min: 2, brief: "change your AIM password", run: (*session).controlPassword,
			long: []string{"A password with spaces stands in quotes. It is shown to nobody and kept in no history; your own client may keep what you type.",
				"Without TLS only from the same machine, or with password -force OLD NEW."}},
		{name: "notices", topic: "account", usage: "on|off", min: 1, brief: "tell in &buddies when buddies go away, come back or are idle", run: (*session).controlNotices},
		{name: "certfp", topic: "account", usage: "list | add [FINGERPRINT] | del FINGERPRINT", min: 1, brief: "TLS certificates that let you in without a password", run: (*session).controlCertFP,
			long: []string{"add alone takes the certificate you are connected with. AIM takes none: the account has to be signed on."}},
	}
}

func (s *session) controlNotices(k *call) {
	switch strings.ToLower(k.args[0]) {
	case "on":
		s.setSetting(settingNotices, "")
		k.reply("You will be told when buddies go away, come back, or are idle.")
	case "off":
		s.setSetting(settingNotices, "off")
		k.reply("No more notices about away and idle buddies. notices on brings them back.")
	default:
		k.reply("Usage: notices on|off")
	}
}

// controlNick changes the form of the own name.
func (s *session) controlNick(k *call) {
	name := strings.Join(k.args, " ")
	switch why := s.whyNot(); {
	case toc.ScreenName(name).Key() != s.key:
		k.reply("Your name is %s; only its upper and lower case and its spaces can change.", s.self.name)
	case name == string(s.self.name):
		k.reply("Your name is %s already.", name)
	case why != "":
		k.reply("Not changed: %s", why)
	case !s.reformat(name, func(why string) {
		if why != "" {
			k.reply("Not changed: AIM does not take this form of your name: %s", why)
			return
		}
		k.reply("AIM shows your name as %s now.", name)
	}):
		k.reply("Not changed: %s", busyText)
	}
}

// sibling is what shows that another AIM client of the account is signed on. AIM does not say so; it tells what that
// client does.
type sibling struct {
	at  time.Time // zero: nothing has shown it in this connection
	did string
}

// siblingDid notes that another AIM client of the account did something.
func (s *session) siblingDid(what string) { s.sibling = sibling{time.Now(), what} }

func (s *session) controlAccount(k *call) {
	if len(k.args) > 0 { // as in BitlBee: account on, account aim off
		switch strings.ToLower(k.args[len(k.args)-1]) {
		case "on":
			s.controlSignOn(k)
			return
		case "off":
			s.controlSignOff(k)
			return
		case "list":
		default:
			k.reply("Your account here is your AIM account, and you are logged in to it. account on and off, or signon and signoff, come and go; set shows what can be set.")
			return
		}
	}
	k.reply("Screen name %s, server %s", s.self.name, s.o.Server)
	if text := s.downText(); text != "" {
		k.reply("%s", text)
	} else {
		k.reply("Signed on since %s (%s)", s.link.began.Local().Format("Mon 2 Jan 15:04"), shortDuration(time.Since(s.link.began)))
		k.reply("%s", s.siblingText())
	}
	if s.awayText != "" {
		k.reply("Away: %s", s.awayText)
	}
	k.reply("%s, warning level %d%%, %s", s.clientsText(k.c), s.self.warning, privacyWays[s.roster.mode].means)
	k.reply("%s", s.paceText())
}

func (s *session) siblingText() string {
	if s.sibling.at.IsZero() {
		return "Other AIM clients of this name: none noticed (AIM tells only what they do)"
	}
	return fmt.Sprintf("Another AIM client of this name is signed on: it %s at %s", s.sibling.did, s.sibling.at.Local().Format("15:04"))
}

// clientsText counts the attached IRC clients and names those that have a name.
func (s *session) clientsText(asker *client) string {
	var names []string
	for _, c := range s.clients {
		name := c.conn.Device()
		if c == asker {
			name = strings.TrimSpace(name + " (this one)")
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return plural(len(s.clients), "IRC client", "IRC clients") + " attached: " + strings.Join(names, ", ")
}

// paceText says what waits because of the server's speed limits, and whether these are kept.
func (s *session) paceText() string {
	n := 0
	for _, lane := range s.queue.lanes {
		n += len(lane)
	}
	text := "Nothing waits to be sent"
	switch {
	case n > 0 && s.paused:
		text = plural(n, "command waits", "commands wait") + " for AIM to go on"
	case n > 0 && s.link != nil:
		text = plural(n, "command waits", "commands wait") + " for AIM's speed limit, the next message for " + s.messageDelay().String()
	}
	switch {
	case !s.refusedAt.IsZero():
		return text + fmt.Sprintf("; AIM refused something at %s for coming too fast, so its speed limits are kept", s.refusedAt.Local().Format("15:04"))
	case s.o.Pace == pace.Off:
		return text + "; no speed limits are kept: the server is said to have none"
	}
	return text + "; AIM's speed limits are kept"
}

// messageDelay is how long the next message has to wait, behind those that do already.
func (s *session) messageDelay() time.Duration {
	now := time.Now()
	return s.pacer.Delay(now, pace.Messages, len(s.queue.lanes[pace.Messages])+1).Round(time.Second)
}
