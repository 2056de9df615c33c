package bridge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	irc "gopkg.in/irc.v4"
	"pgregory.net/rapid"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// view is what an IRC client makes of the lines it gets: who is in its channels.
type view struct {
	nick     string
	channels map[string]map[string]bool // members by folded channel
	faults   []string
}

func (v *view) fault(m *irc.Message, format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...)+": "+m.String())
}

// see takes a line in, and notes what no server may say.
func (v *view) see(m *irc.Message) {
	who, channel := "", ""
	if m.Prefix != nil {
		who = ircd.Fold(m.Prefix.Name)
	}
	if len(m.Params) > 0 {
		channel = ircd.Fold(m.Params[0])
	}
	switch m.Command {
	case "JOIN":
		v.join(m, who, channel)
	case "PART":
		if !v.channels[channel][who] {
			v.fault(m, "PART of somebody who is not there")
		}
		delete(v.channels[channel], who)
		if who == v.nick {
			delete(v.channels, channel)
		}
	case "QUIT":
		if !v.sees(who) {
			v.fault(m, "QUIT of somebody who is nowhere")
		}
		for _, members := range v.channels {
			delete(members, who)
		}
	case "NICK":
		v.rename(m, who, ircd.Fold(m.Params[0]))
	case "353":
		for _, nick := range strings.Fields(m.Trailing()) {
			if members := v.channels[ircd.Fold(m.Params[2])]; members != nil {
				members[ircd.Fold(strings.TrimLeft(nick, "@+"))] = true
			}
		}
	case "PRIVMSG", "NOTICE", "TOPIC":
		if strings.HasPrefix(channel, "#") && v.channels[channel] == nil {
			v.fault(m, "said in a channel that one is not in")
		}
	}
}

func (v *view) join(m *irc.Message, who, channel string) {
	switch members := v.channels[channel]; {
	case who == v.nick && members != nil:
		v.fault(m, "one's own JOIN again")
	case who == v.nick:
		v.channels[channel] = map[string]bool{who: true}
	case members == nil:
		v.fault(m, "JOIN of a channel that one is not in")
	case members[who]:
		v.fault(m, "JOIN of somebody who is there")
	default:
		members[who] = true
	}
}

func (v *view) rename(m *irc.Message, from, to string) {
	if from == v.nick {
		v.nick = to
	} else if !v.sees(from) {
		v.fault(m, "NICK of somebody who is nowhere")
	}
	for _, members := range v.channels {
		if members[from] {
			delete(members, from)
			if members[to] {
				v.fault(m, "NICK to one that is there")
			}
			members[to] = true
		}
	}
}

func (v *view) sees(who string) bool {
	for _, members := range v.channels {
		if members[who] {
			return true
		}
	}
	return false
}

// compare asks NAMES of all channels and compares.
func (v *view) compare(c *ircdtest.Client) {
	for _, channel := range slices.Sorted(maps.Keys(v.channels)) {
		c.Send("NAMES %s", channel)
		names := map[string]bool{}
		for _, m := range until(c, "366 ...") {
			if m.Command != "353" {
				v.see(m)
				continue
			}
			for _, nick := range strings.Fields(m.Trailing()) {
				names[ircd.Fold(strings.TrimLeft(nick, "@+"))] = true
			}
		}
		if !maps.Equal(names, v.channels[channel]) {
			v.faults = append(v.faults, fmt.Sprintf("%s: NAMES has %v, the lines gave %v", channel, slices.Sorted(maps.Keys(names)), slices.Sorted(maps.Keys(v.channels[channel]))))
		}
	}
}

// roomStep is something that happens: a line of the server, or of the user.
type roomStep struct {
	event toc.Event
	line  string
	lost  bool // the link
	pause time.Duration
}

func (s roomStep) String() string {
	switch {
	case s.event != nil:
		return "aim< " + s.event.Line()
	case s.line != "":
		return "irc> " + s.line
	case s.lost:
		return "link lost"
	}
	return fmt.Sprint("pause ", s.pause)
}

var (
	propNames    = []toc.ScreenName{"alice", "Alice", "bob", "Bob", "B OB", "carol", "Zoe Z", "zoez", "OnlineHost"}
	propRooms    = []string{"a", "A", "a-b", "x y", "-", "Café"}
	propChannels = []string{"#a", "#A", "#a-b", "#x_y", "#-", "#Café", "##pub"}
)

func drawStep(t *rapid.T) roomStep {
	name := func() toc.ScreenName { return rapid.SampledFrom(propNames).Draw(t, "name") }
	room := func() string { return rapid.SampledFrom(propRooms).Draw(t, "room") }
	id := func() int { return rapid.IntRange(0, 3).Draw(t, "id") }
	channel := func() string { return rapid.SampledFrom(propChannels).Draw(t, "channel") }
	word := func() string {
		return rapid.SampledFrom([]string{"x", "y", "//roll", "<b>z</b>"}).Draw(t, "word")
	}
	names := func() (list []toc.ScreenName) {
		for range rapid.IntRange(1, 3).Draw(t, "how many") {
			list = append(list, name())
		}
		return list
	}
	switch rapid.IntRange(0, 19).Draw(t, "step") {
	case 0, 1, 2:
		return roomStep{event: toc.ChatJoined{Room: id(), Name: room()}}
	case 3, 4, 5, 6:
		return roomStep{event: toc.ChatMembers{Room: id(), Here: rapid.Bool().Draw(t, "here"), Names: names()}}
	case 7:
		return roomStep{event: toc.ChatLeft{Room: id()}}
	case 8:
		return roomStep{event: chat(id(), name(), word())}
	case 9:
		return roomStep{event: toc.ChatInvite{Room: id(), Name: room(), From: name(), Text: word()}}
	case 10, 11:
		return roomStep{event: here(name(), rapid.SampledFrom([]toc.Class{" U ", " UU"}).Draw(t, "class"))}
	case 12:
		return roomStep{event: gone(name())}
	case 13:
		return roomStep{event: toc.ServerError{Code: rapid.SampledFrom([]int{903, 913, 950}).Draw(t, "error")}}
	case 14, 15:
		return roomStep{line: "JOIN " + channel()}
	case 16:
		return roomStep{line: "PART " + channel()}
	case 17:
		return roomStep{line: "PRIVMSG " + channel() + " :" + word()}
	case 18:
		return roomStep{pause: time.Duration(rapid.IntRange(1, 20).Draw(t, "s")) * time.Second}
	}
	return roomStep{lost: true}
}

// TestWhatAClientSeesIsTrue: whatever the server and the user do, in whatever order, the JOIN, PART, QUIT and NICK lines a
// client got add up to what NAMES says, for a client that was there from the start and one with batches.
func TestWhatAClientSeesIsTrue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawStep), 1, 60).Draw(rt, "steps")
		var faults []string
		synctest.Test(t, func(t *testing.T) {
			r, shutdown := newTalkRig(t, Options{Backoff: Backoff{Min: time.Second, Max: time.Second}})
			defer shutdown()
			end := r.end(buddies("bob", "carol"), toc.Group{Name: "Work", Buddies: []toc.Buddy{{Name: "bob"}}})
			plain, modern := r.attach(), r.dial()
			modern.Register("alice", ircdtest.Pass("secret"), ircdtest.Caps("batch", "away-notify", "extended-join", "message-tags"))
			modern.Expect("366 * &buddies *")
			views := map[*ircdtest.Client]*view{}
			for _, c := range []*ircdtest.Client{plain, modern} {
				views[c] = &view{nick: "alice", channels: map[string]map[string]bool{"&buddies": {"alice": true, "*aim": true}}}
			}
			look := func() {
				synctest.Wait()
				for c, v := range views {
					for _, m := range c.Sync() {
						v.see(m)
					}
				}
			}
			for _, step := range steps {
				switch {
				case step.event != nil:
					end.tell(step.event)
				case step.line != "":
					plain.SendLine(step.line)
				case step.lost:
					next := r.end(buddies("bob", "carol"))
					end.Close()
					time.Sleep(2 * time.Second)
					end = next
				default:
					time.Sleep(step.pause)
				}
				synctest.Wait()
			}
			time.Sleep(time.Minute) // all answers that are waited for are given up
			look()
			for c, v := range views {
				v.compare(c)
				faults = append(faults, v.faults...)
			}
		})
		if len(faults) > 0 {
			for _, step := range steps {
				rt.Log(step)
			}
			rt.Fatal(strings.Join(faults, "\n"))
		}
	})
}
