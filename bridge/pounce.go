package bridge

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	irc "gopkg.in/irc.v4"

	"tocbridge/bridge/richtext"
	"tocbridge/bridge/store"
	"tocbridge/toc"
)

// kindNotify is the state of an account that has the people whose coming it wants to know: key -> the lines of pounce.String.
const kindNotify = "notify"

// pounce is somebody whose coming the user wants to know.
type pounce struct {
	name toc.ScreenName
	told int64  // when the one whose coming was told last had signed on, seconds since 1970: a link that comes back tells nothing
	text string // to be said then, once; empty: nothing
}

func (p pounce) String() string { return fmt.Sprintf("%s\n%d\n%s", p.name, p.told, p.text) }

// parsePounce takes what String makes.
func parsePounce(s string) (p pounce, ok bool) {
	lines := strings.SplitN(s, "\n", 3)
	if len(lines) != 3 {
		return pounce{}, false
	}
	told, err := strconv.ParseInt(lines[1], 10, 64)
	return pounce{toc.ScreenName(lines[0]), told, lines[2]}, err == nil
}

// pounceMax bounds how many there are of an account.
const pounceMax = 200

func pounceCommands() []controlCommand {
	return []controlCommand{
		{name: "notify", topic: "buddies", usage: "[NICK [TEXT] | del NICK]", brief: "be told when somebody signs on", run: (*session).controlNotify,
			long: []string{"notify NICK tells you each time NICK signs on, buddy or not, by a private notice; notify del NICK ends it.",
				"notify NICK TEXT does it once: NICK gets the text from you when signing on.",
				"notify alone lists whom you wait for. All of it outlives restarts."}},
	}
}

// loadPounces takes over what was set when this program ended.
func (s *session) loadPounces(kept map[string]string) {
	for _, key := range sortedKeys(kept) {
		if p, ok := parsePounce(kept[key]); ok && key != "" && p.name.Key() == key {
			s.setPounce(s.roster.contact(p.name), p)
		}
	}
}

// setPounce waits for somebody. Who is on no list is watched for it.
func (s *session) setPounce(who *contact, p pounce) {
	if s.pounces == nil {
		s.pounces = map[string]pounce{}
	}
	if !s.waitsFor(who) {
		s.watch(who)
	}
	s.pounces[who.key] = p
	s.saveState(kindNotify, who.key, p.String())
}

func (s *session) dropPounce(who *contact) bool {
	if _, ok := s.pounces[who.key]; !ok {
		return false
	}
	delete(s.pounces, who.key)
	s.saveState(kindNotify, who.key, "")
	s.unwatch(who)
	return true
}

// pounce is for somebody who has signed on.
func (s *session) pounce(who *contact) {
	p, ok := s.pounces[who.key]
	since := who.signOn.Unix()
	switch {
	case !ok, p.told == since && since > 0:
		return
	case p.text != "":
		s.dropPounce(who)
		s.sayPounce(who, p.text)
		return
	}
	p.name, p.told = who.name, since
	s.setPounce(who, p)
	s.notice(fmt.Sprintf("%s %s.", who.title(), cameText(who)))
}

// cameText says that somebody has signed on, or is signed on since before we could know.
func cameText(who *contact) string {
	if who.signOn.Unix() <= 0 || time.Since(who.signOn) < justNow {
		return "has signed on"
	}
	return "is signed on, since " + who.signOn.Local().Format("Mon 15:04")
}

// justNow is how old a coming may be to be told as one.
const justNow = 5 * time.Minute

// sayPounce says to somebody what was to be said: by way of the outbox, which is sent next.
func (s *session) sayPounce(who *contact, text string) {
	st := s.stamp("", time.Time{})
	s.keep(st, store.Entry{Target: who.key, Out: true, From: string(s.self.name), Command: "PRIVMSG", Text: text}, nil)
	s.saveState(kindOutbox, st.pos, string(who.name)+"\n"+text)
	s.addParcel(&parcel{id: st.pos, to: who, text: text})
	s.echo(outgoing{m: &irc.Message{Command: "PRIVMSG", Params: []string{who.nick(), text}}, command: "PRIVMSG", who: who, raw: text}, st)
	s.notice(fmt.Sprintf("%s %s, and gets what you left: %s", who.title(), cameText(who), richtext.ParseIRC(text)))
}

// notice tells all clients something in private. Where history is concerned it was said in &buddies.
func (s *session) notice(text string) {
	st := s.stamp("", time.Time{})
	s.keepNews(st, text)
	m := s.fromControl("NOTICE", s.Nick(), text)
	m.ID, m.Time = st.id, st.at
	s.show(st, m)
}

func (s *session) controlNotify(k *call) {
	switch {
	case len(k.args) == 0:
		s.listPounces(k)
	case strings.EqualFold(k.args[0], "del") && len(k.args) == 2:
		if who := s.roster.lookup(s.nameOf(k.args[1])); who == nil || !s.dropPounce(who) {
			k.reply("You do not wait for %s. notify alone shows for whom you do.", k.args[1])
			return
		}
		k.reply("You will not be told any more when %s signs on.", k.args[1])
	default:
		s.addPounce(k)
	}
}

func (s *session) addPounce(k *call) {
	name := s.nameOf(k.args[0])
	text := strings.TrimSpace(k.after(2).IRC())
	switch who := s.roster.lookup(name); {
	case name.Key() == "" || name.Key() == s.key || isControl(k.args[0]):
		k.reply("Give the nick or screen name of somebody else.")
		return
	case who == nil && len(s.pounces) >= pounceMax, who != nil && len(s.pounces) >= pounceMax && !s.waitsFor(who):
		k.reply("You wait for %d people already, which is the most.", pounceMax)
		return
	case text != "" && who != nil && who.online:
		k.reply("%s is signed on now: just write.", who.nick())
		return
	}
	who := s.roster.contact(name)
	p := pounce{name: who.name, text: text}
	if who.online {
		p.told = who.signOn.Unix()
	}
	s.setPounce(who, p)
	if text != "" {
		k.reply("When %s signs on the next time, your text is sent and you are told.", who.nick())
		return
	}
	k.reply("You will be told when %s signs on%s.", who.nick(), map[bool]string{true: " the next time; " + who.nick() + " is here now"}[who.online])
}

func (s *session) waitsFor(who *contact) bool {
	_, ok := s.pounces[who.key]
	return ok
}

func (s *session) listPounces(k *call) {
	for _, key := range sortedKeys(s.pounces) {
		who := s.roster.contact(toc.ScreenName(key))
		if text := s.pounces[key].text; text != "" {
			k.reply("%s, once, and sends: %s", who.title(), brief(richtext.ParseIRC(text)))
			continue
		}
		k.reply("%s", who.title())
	}
	if len(s.pounces) == 0 {
		k.reply("You wait for nobody. notify NICK tells you when NICK signs on.")
		return
	}
	k.reply("You wait for %s.", plural(len(s.pounces), "person", "people"))
}
