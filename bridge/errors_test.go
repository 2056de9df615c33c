package bridge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	irc "gopkg.in/irc.v4"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
)

// misuse is what is sent, and all that answers it: whole lines.
type misuse struct {
	send string
	want []string
}

// misuses is what can be wrong with a command once registered. In the test alice is in #My_Room with bob; carol, her
// buddy, is offline, as is nobody; dave is in her group &My_Work, whose channel she is not in; #hall is a room of others.
type misuses struct {
	few, unknown, notOn []misuse
	none                string // why there are none of a kind
}

func one(send string, want ...string) misuse { return misuse{send, want} }

const (
	err401 = ":irc.test 401 alice "
	err403 = ":irc.test 403 alice "
	err404 = ":irc.test 404 alice "
	err442 = ":irc.test 442 alice "
	notIn  = " :Cannot send to channel: you are not in it"
	noNick = " :No such nick/channel"
	noChan = " :No such channel"
	notOn  = " :You're not on that channel"
)

func needMore(command string) string {
	return ":irc.test 461 alice " + command + " :Not enough parameters"
}

// commandErrors is every command of the table × too few parameters, an unknown target, a channel one is not on. Before
// registration all are 451.
var commandErrors = map[string]misuses{
	"PRIVMSG": {
		few: []misuse{one("PRIVMSG", ":irc.test 411 alice :No recipient given (PRIVMSG)"), one("PRIVMSG :", ":irc.test 411 alice :No recipient given (PRIVMSG)"),
			one("PRIVMSG bob", ":irc.test 412 alice :No text to send"), one("PRIVMSG bob :", ":irc.test 412 alice :No text to send")},
		unknown: []misuse{one("PRIVMSG nobody :x", err401+"nobody :nobody is not signed on. Not sent: x"), one("PRIVMSG 9x :x", err401+"`9x :9x is not signed on. Not sent: x"), one("PRIVMSG b@d :x", err401+"b`at`d :b@d is not signed on. Not sent: x"), one("PRIVMSG b!d :x", err401+"b!d"+noNick),
			one("PRIVMSG &nogroup :x", err403+"&nogroup"+noChan), one("PRIVMSG # :x", err401+"#"+noNick), one("PRIVMSG $* :x", err401+"$*"+noNick),
			one("PRIVMSG a,b,c,d,e :x", ":irc.test 407 alice a,b,c,d,e :Too many targets; at most 4"),
			one("PRIVMSG nobody,#elsewhere,9x :x", err401+"nobody :nobody is not signed on. Not sent: x", err404+"#elsewhere"+notIn, err401+"`9x :9x is not signed on. Not sent: x")},
		notOn: []misuse{one("PRIVMSG #elsewhere :x", err404+"#elsewhere"+notIn), one("PRIVMSG #hall :x", err404+"#hall"+notIn), one("PRIVMSG &My_Work :x", err404+"&My_Work"+notIn)},
	},
	"NOTICE": {
		few: []misuse{one("NOTICE"), one("NOTICE bob"), one("NOTICE bob :")}, unknown: []misuse{one("NOTICE nobody :x"), one("NOTICE b@d :x"), one("NOTICE a,b,c,d,e :x")},
		notOn: []misuse{one("NOTICE #elsewhere :x"), one("NOTICE &My_Work :x")}, // RFC 2812 §3.3.2: never answered
	},
	"TAGMSG": {
		few:     []misuse{one("TAGMSG", ":irc.test 411 alice :No recipient given (TAGMSG)"), one("@+x=y TAGMSG :", ":irc.test 411 alice :No recipient given (TAGMSG)")},
		unknown: []misuse{one("@+x=y TAGMSG nobody", err401+"nobody"+noNick), one("@+x=y TAGMSG &nogroup", err403+"&nogroup"+noChan), one("@+x=y TAGMSG #", err403+"#"+noChan)},
		notOn:   []misuse{one("@+x=y TAGMSG #elsewhere", err404+"#elsewhere"+notIn), one("@+x=y TAGMSG &My_Work", err404+"&My_Work"+notIn)},
	},
	"JOIN": {
		few: []misuse{one("JOIN", needMore("JOIN")), one("JOIN :", needMore("JOIN"))},
		unknown: []misuse{one("JOIN &nogroup", err403+"&nogroup :There is no such group on your buddy list"), one("JOIN nothing", err403+"nothing"+noChan), one("JOIN #", err403+"#"+noChan),
			one("JOIN +x,!y", err403+"+x"+noChan, err403+"!y"+noChan)},
		none: "who joins is on no channel",
	},
	"PART": {
		few:     []misuse{one("PART", needMore("PART")), one("PART :", needMore("PART"))},
		unknown: []misuse{one("PART nothing", err403+"nothing"+noChan), one("PART &nogroup :x", err403+"&nogroup"+noChan)},
		notOn:   []misuse{one("PART #elsewhere", err442+"#elsewhere"+notOn), one("PART &My_Work", err442+"&My_Work"+notOn), one("PART #hall,nothing", err442+"#hall"+notOn, err403+"nothing"+noChan)},
	},
	"NAMES": {
		few:     []misuse{one("NAMES", ":irc.test 366 alice * :End of /NAMES list")},
		unknown: []misuse{one("NAMES nothing", ":irc.test 366 alice nothing :End of /NAMES list"), one("NAMES &nogroup", ":irc.test 366 alice &nogroup :End of /NAMES list")},
		notOn:   []misuse{one("NAMES #elsewhere", ":irc.test 366 alice #elsewhere :End of /NAMES list")},
	},
	"LIST": {
		unknown: []misuse{one("LIST #elsewhere", ":irc.test 321 alice Channel :Users  Name", ":irc.test 323 alice :End of /LIST"), one("LIST >x", ":irc.test 321 alice Channel :Users  Name", ":irc.test 323 alice :End of /LIST")},
		notOn:   []misuse{one("LIST #hall", ":irc.test 321 alice Channel :Users  Name", ":irc.test 322 alice #hall 1 :", ":irc.test 323 alice :End of /LIST")},
		none:    "LIST alone is complete",
	},
	"TOPIC": {
		few:     []misuse{one("TOPIC", needMore("TOPIC")), one("TOPIC :", needMore("TOPIC"))},
		unknown: []misuse{one("TOPIC nothing", err403+"nothing"+noChan), one("TOPIC #elsewhere", err403+"#elsewhere"+noChan), one("TOPIC #elsewhere :x", err403+"#elsewhere"+noChan), one("TOPIC &nogroup", err403+"&nogroup"+noChan)},
		notOn:   []misuse{one("TOPIC #hall", err442+"#hall"+notOn), one("TOPIC #hall :x", err442+"#hall"+notOn), one("TOPIC &My_Work :x", err442+"&My_Work"+notOn)},
	},
	"INVITE": {
		few:     []misuse{one("INVITE", needMore("INVITE")), one("INVITE bob", needMore("INVITE"))},
		unknown: []misuse{one("INVITE b@d #My_Room", err401+"b`at`d"+noNick), one("INVITE b!d #My_Room", err401+"b!d"+noNick), one("INVITE nobody #My_Room", err401+"nobody"+noNick), one("INVITE carol #My_Room", err401+"carol"+noNick)},
		notOn:   []misuse{one("INVITE bob #elsewhere", err442+"#elsewhere"+notOn), one("INVITE bob #hall", err442+"#hall"+notOn), one("INVITE bob #My_Room", ":irc.test 443 alice bob #My_Room :is already on channel")},
	},
	"KICK": {
		few: []misuse{one("KICK", needMore("KICK")), one("KICK #My_Room", needMore("KICK"))},
		unknown: []misuse{one("KICK nothing bob", err403+"nothing"+noChan), one("KICK #elsewhere bob", err403+"#elsewhere"+noChan),
			one("KICK #My_Room nobody", ":irc.test 441 alice nobody #My_Room :They aren't on that channel"), one("KICK &buddies nobody", ":irc.test 441 alice nobody &buddies :They aren't on that channel")},
		notOn: []misuse{one("KICK &My_Work dave", err442+"&My_Work"+notOn), one("KICK #hall bob", err442+"#hall"+notOn),
			one("KICK #My_Room bob", ":irc.test 482 alice #My_Room :AIM rooms have no operators; nobody can be thrown out")},
	},
	"MODE": {
		few: []misuse{one("MODE", needMore("MODE")), one("MODE :", needMore("MODE"))},
		unknown: []misuse{one("MODE nothing", err401+"nothing"+noNick), one("MODE #elsewhere", err403+"#elsewhere"+noChan), one("MODE &nogroup +b", err403+"&nogroup"+noChan), one("MODE nobody +i", err401+"nobody"+noNick),
			one("MODE bob +i", ":irc.test 502 alice :Can't change mode for other users"), one("MODE alice +x", ":irc.test 501 alice :Unknown MODE flag"),
			one("MODE #My_Room +k x", ":irc.test 472 alice k :is unknown mode char to me"), one("MODE #My_Room +l 5", ":irc.test 472 alice l :is unknown mode char to me")},
		notOn: []misuse{one("MODE #hall +k x", err442+"#hall"+notOn), one("MODE #hall", ":irc.test 324 alice #hall +nt"),
			one("MODE #My_Room +o bob", ":irc.test 482 alice #My_Room :AIM knows no channel modes; they cannot be changed")},
	},
	"WHO": {
		unknown: []misuse{one("WHO nothing", ":irc.test 315 alice nothing :End of WHO list"), one("WHO &nogroup", ":irc.test 315 alice &nogroup :End of WHO list"), one("WHO nobody %n", ":irc.test 315 alice nobody :End of WHO list"), one("WHO *.elsewhere", ":irc.test 315 alice *.elsewhere :End of WHO list")},
		notOn:   []misuse{one("WHO #elsewhere", ":irc.test 315 alice #elsewhere :End of WHO list"), one("WHO #hall %n", ":irc.test 315 alice #hall :End of WHO list")},
		none:    "WHO alone is complete",
	},
	"WHOIS": {
		few: []misuse{one("WHOIS", ":irc.test 431 alice :No nickname given"), one("WHOIS :", ":irc.test 431 alice :No nickname given")},
		unknown: []misuse{one("WHOIS nobody", err401+"nobody"+noNick, ":irc.test 318 alice nobody :End of /WHOIS list"), one("WHOIS b@d", err401+"b@d"+noNick, ":irc.test 318 alice b@d :End of /WHOIS list"),
			one("WHOIS nowhere.test bob", ":irc.test 402 alice nowhere.test :No such server")},
		notOn: []misuse{one("WHOIS #My_Room", err401+"#My_Room"+noNick, ":irc.test 318 alice #My_Room :End of /WHOIS list")},
	},
	"WHOWAS": {
		few: []misuse{one("WHOWAS", ":irc.test 431 alice :No nickname given"), one("WHOWAS :", ":irc.test 431 alice :No nickname given")},
		unknown: []misuse{one("WHOWAS nobody", ":irc.test 406 alice nobody :There was no such nickname", ":irc.test 369 alice nobody :End of WHOWAS"),
			one("WHOWAS b@d 5", ":irc.test 406 alice b@d :There was no such nickname", ":irc.test 369 alice b@d :End of WHOWAS")},
		none: "there are no channels in it",
	},
	"AWAY": {few: []misuse{one("AWAY", ":irc.test 305 alice :You are no longer marked as being away")}, none: "there is no target"},
	"ISON": {
		few:     []misuse{one("ISON", needMore("ISON")), one("ISON :", needMore("ISON"))},
		unknown: []misuse{one("ISON nobody b@d", ":irc.test 303 alice :")}, none: "there are no channels in it",
	},
	"USERHOST": {
		few:     []misuse{one("USERHOST", needMore("USERHOST")), one("USERHOST :", needMore("USERHOST"))},
		unknown: []misuse{one("USERHOST nobody b@d", ":irc.test 302 alice :")}, none: "there are no channels in it",
	},
	"NICK": {
		few:     []misuse{one("NICK", ":irc.test 431 alice :No nickname given"), one("NICK :", ":irc.test 431 alice :No nickname given")},
		unknown: []misuse{one("NICK :*", ":irc.test 432 alice * :Erroneous nickname"), one("NICK 9x", ":irc.test 432 alice 9x :Erroneous nickname"), one("NICK bob", ":irc.test 433 alice bob :Nickname is already in use"), one("NICK é", ":irc.test 432 alice é :Erroneous nickname")},
		none:    "there are no channels in it",
	},
	"SILENCE": {unknown: []misuse{one("SILENCE +*", err401+"+*"+noNick), one("SILENCE +alice", err401+"+alice"+noNick)}, none: "SILENCE alone is complete, and there are no channels in it"},
	"SETNAME": {few: []misuse{one("SETNAME", needMore("SETNAME")), one("SETNAME :", needMore("SETNAME"))}, none: "there is no target"},
	"CHATHISTORY": {
		few:     []misuse{one("CHATHISTORY", ":irc.test FAIL CHATHISTORY INVALID_PARAMS * :Unknown command")},
		unknown: []misuse{one("CHATHISTORY LATEST b@d * 5", ":irc.test FAIL CHATHISTORY INVALID_TARGET LATEST b@d :Messages could not be retrieved")},
		notOn:   []misuse{one("CHATHISTORY LATEST #elsewhere * 5", ":irc.test FAIL CHATHISTORY INVALID_TARGET LATEST #elsewhere :Messages could not be retrieved")},
	},
	"MARKREAD": {few: []misuse{one("MARKREAD", ":irc.test FAIL MARKREAD NEED_MORE_PARAMS :Missing parameters")}, unknown: []misuse{one("MARKREAD b@d", ":irc.test FAIL MARKREAD INVALID_PARAMS b@d :Invalid parameters")}, none: "a marker outlives the channel"},
	"SEARCH":   {few: []misuse{one("SEARCH", ":irc.test FAIL SEARCH INVALID_PARAMS * :Invalid parameters")}, unknown: []misuse{one("SEARCH in=b@d", ":irc.test FAIL SEARCH INVALID_PARAMS in :Invalid parameters")}, none: "history outlives the channel"},
	"BOUNCER":  {few: []misuse{one("BOUNCER", needMore("BOUNCER"))}, unknown: []misuse{one("BOUNCER DELNETWORK 7", ":irc.test FAIL BOUNCER INVALID_NETID DELNETWORK 7 :Network not found")}, none: "there are no channels in it"},
}

// errorRig is the situation that misuses describes.
func errorRig(t *testing.T, opts ...ircdtest.Option) (*rig, *ircdtest.Client) {
	t.Helper()
	r, c, end := inRoom(t, opts...)
	end.mu.Lock()
	end.busy = true
	end.mu.Unlock()
	c.Send("PRIVMSG &buddies :add -group \"My Work\" dave")
	zoe, other := r.login("zoe")
	zoe.Send("JOIN #hall")
	other.expect(toc.ChatJoin{Exchange: 4, Name: "hall"})
	other.tell(toc.ChatJoined{Room: 3, Name: "hall"}, toc.ChatMembers{Room: 3, Here: true, Names: []toc.ScreenName{"zoe"}})
	zoe.Expect("366 zoe #hall *")
	c.Sync()
	return r, c
}

func TestCommandErrors(t *testing.T) {
	t.Parallel()
	for name := range commands {
		if _, ok := commandErrors[name]; !ok {
			t.Errorf("%s is not in the table of errors", name)
		}
	}
	for name, row := range commandErrors {
		if _, ok := commands[name]; !ok {
			t.Errorf("%s is no command", name)
		}
		if row.none == "" && (row.few == nil || row.unknown == nil || row.notOn == nil) {
			t.Errorf("%s: not all kinds of misuse, and no reason", name)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, c := errorRig(t, ircdtest.Caps("message-tags", "standard-replies"))
			for kind, list := range map[string][]misuse{"few": row.few, "unknown": row.unknown, "not on": row.notOn} {
				for _, m := range list {
					c.Send("%s", m.send)
					answered(t, c, kind, m)
				}
			}
			unregistered := ircdtest.Dial(t, r.addr)
			unregistered.Send("%s x :y", name)
			answered(t, unregistered, "before", misuse{name, beforeRegistration(name)})
		})
	}
}

// beforeRegistration is what a command of the session's is answered before registration: 451, unless it is part of it.
func beforeRegistration(name string) []string {
	if name == "NICK" || name == "NOTICE" { // RFC 2812 §3.3.2: NOTICE is never answered
		return nil
	}
	return []string{":irc.test 451 * :You have not registered"}
}

// answered compares all that came with what was wanted.
func answered(t *testing.T, c *ircdtest.Client, kind string, m misuse) {
	t.Helper()
	var got []string
	for _, a := range c.Sync() {
		got = append(got, a.String())
	}
	if diff := cmp.Diff(m.want, got); diff != "" {
		t.Errorf("%s: %s (-want +got):\n%s", kind, m.send, diff)
	}
}

// TestLabelOnEveryAnswer: whatever is answered to a labelled command, and when, it is one answer: one message with the
// label, or ACK, or one batch with it that holds all.
func TestLabelOnEveryAnswer(t *testing.T) {
	t.Parallel()
	lines := []string{"WHOIS bob,nobody", "WHO #My_Room", "WHO * %tn,1", "NAMES #My_Room,&buddies", "LIST", "MODE alice", "MODE #My_Room", "MODE &buddies +be", "MODE &buddies +b zed", "TOPIC &buddies",
		"TOPIC #My_Room :new", "ISON bob carol", "USERHOST bob", "AWAY :x", "AWAY", "SETNAME :A. B.", "PRIVMSG bob :x", "PRIVMSG bob,carol :x", "PRIVMSG #My_Room :x", "PRIVMSG &buddies :help", "NOTICE bob :x", "TAGMSG bob", "PING x", "MONITOR + bob,zed",
		"MONITOR S", "MONITOR L", "MONITOR C", "MOTD", "VERSION", "LUSERS", "INFO", "HELP", "HELP JOIN", "LINKS", "STATS u", "TIME", "ADMIN", "CAP LIST", "CAP LS", "JOIN &&buddies", "PART &&buddies :bye", "JOIN #nowhere", "INVITE bob #My_Room", "NICK Alice", "KICK &buddies carol",
		"WHOWAS bob", "SILENCE", "CHATHISTORY LATEST bob * 5", "MARKREAD bob", "SEARCH text=x", "BOUNCER LISTNETWORKS", "NONSENSE", "PART #My_Room :bye", "JOIN 0"}
	for _, row := range commandErrors {
		for _, list := range [][]misuse{row.few, row.unknown, row.notOn} {
			for _, m := range list {
				if !strings.HasPrefix(m.send, "@") {
					lines = append(lines, m.send)
				}
			}
		}
	}
	for _, caps := range [][]string{{"batch", "labeled-response"}, {"batch", "labeled-response", "message-tags", "echo-message", "draft/multiline", "standard-replies", "setname"}} {
		_, c := errorRig(t, ircdtest.Caps(caps...))
		for _, line := range lines {
			c.SendLine("@label=the-label " + line)
			oneAnswer(t, line, c.Sync())
		}
	}
}

// oneAnswer wants one answer with the label.
func oneAnswer(t *testing.T, line string, seen []*irc.Message) {
	t.Helper()
	labelled, open, ended := 0, "", false
	for _, m := range seen {
		if m.Tags["label"] == "the-label" {
			labelled++
			if m.Command == "BATCH" {
				open = strings.TrimPrefix(m.Param(0), "+")
			}
		} else if m.Tags["label"] != "" {
			t.Errorf("%s: another label: %v", line, m)
		}
		ended = ended || open != "" && m.Command == "BATCH" && m.Param(0) == "-"+open
	}
	if labelled != 1 || open != "" && !ended {
		t.Errorf("%s: %d answers, batch %q ended: %v: %v", line, labelled, open, ended, seen)
	}
}
