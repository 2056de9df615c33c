package bridge

import (
	"slices"
	"strings"
)

func helpCommands() []controlCommand {
	return []controlCommand{
		{name: "help", also: []string{"?"}, topic: "start", usage: "[COMMAND or TOPIC]", brief: "explains a command, or a topic", run: (*session).controlHelp,
			long: []string{"Commands can be shortened as long as it is clear what is meant: bl on is blist online."}},
	}
}

// helpTopic is something that help explains beside the commands.
type helpTopic struct {
	name, title string
	text        []string
}

// helpTopics are in the order help shows them.
var helpTopics = []helpTopic{
	{"start", "First steps", []string{
		"You are signed on to AIM. Your buddies who are online are in &buddies with you: they JOIN when they sign on and QUIT when they leave.",
		"To write to somebody: /query NICK, or here NICK: text. An AIM name is a nick without its spaces: Cool Guy is CoolGuy.",
		"To put somebody on your list: add \"Cool Guy\". To see the list: blist all. To read somebody's profile: info NICK.",
		"To join a chat room: /join #room_name, with _ for each space. To say that you are away: /away text; back: /away.",
		"Whoever is at home in BitlBee: help bitlbee. What the verbs of IRC do here: help irc."}},
	{"buddies", "The buddy list", []string{
		"A list has groups. &buddies shows who is online in all of them; /join &Group shows one group, and /list shows all groups there are.",
		"The list is kept by AIM: what you change here, your other AIM clients see, and what they change shows up here.",
		"/invite NICK &Group adds somebody, or moves a buddy to that group. /kick NICK in a group takes a buddy out of it.",
		"To hear of somebody's coming, on your list or not: notify NICK."}},
	{"messages", "Messages", []string{
		"/query NICK or /msg NICK text, here also NICK: text; a name with spaces in quotes: \"Cool Guy\": text. It works for any screen name, on your list or not.",
		"Bold, italic, underlined, colours, links and /me go both ways. Long texts are cut to what AIM takes and arrive in order.",
		"Somebody who is away answers with an automatic NOTICE; its text is then shown as the away message.",
		"What cannot be delivered comes back to you with its text: nothing is lost in silence. set outbox yes keeps it instead, and sends it when they are there."}},
	{"rooms", "Chat rooms", []string{
		"/join #Our_Room joins, or makes, the AIM chat room Our Room; ##name is a public room (exchange 5). _ is a space.",
		"/invite NICK #room invites. Who invites you shows as an IRC invitation: /join the room to accept.",
		"//roll in a room rolls dice: //roll-dice2-sides6. Rooms are joined again when the link to AIM comes back."}},
	{"away", "Away and idle", []string{
		"/away text says on AIM that you are away, /away alone that you are back. Who writes to you meanwhile is answered with the text, once; %n in it becomes their name, %d the date, %t the time.",
		"How long nothing was typed at any of your clients shows on AIM as idle."}},
	{"privacy", "Who may see you and write to you", []string{
		"AIM has five ways: all, deny (all but who is blocked), permit (only who is allowed), buddies (only your list), none. privacy shows and sets it.",
		"block NICK and allow NICK do what is needed in the way that is set; /mode &buddies +b NICK and -b change the block list, +e and -e the allow list, and /silence +NICK and -NICK block as well."}},
	{"profile", "Profiles and the directory", []string{
		"info NICK shows what is known of somebody and the profile they wrote. profile set writes yours.",
		"The directory is AIM's phone book: dir get NICK, dir search, dir set."}},
	{"history", "What was said before", []string{
		"What is said is kept. A client that comes back is shown what it missed, once; log in as name@device (SASL, or USER) to have each device followed by itself.",
		"history NICK or history #room shows the last lines, search WORDS finds something. Clients that know chathistory fetch it when you scroll up."}},
	{"account", "Your account and the link to AIM", []string{
		"account shows how you are connected and what waits to be sent. signoff leaves AIM and keeps you here; signon comes back.",
		"You stay signed on for a while when your last client leaves. set always-on yes keeps you on for good; set shows all your settings.",
		"Your name: /nick changes its upper and lower case, nick \"Cool Guy\" its spaces too. Your password: password."}},
	{"irc", "What the verbs of IRC do here", []string{
		"/away text: away message on AIM. /whois NICK: idle, warning level, groups, profile if read lately. /list: your groups and rooms.",
		"/invite NICK &Group: add or move a buddy. /kick NICK (in &Group or &buddies): take off the list. /mode &buddies +b NICK: block; b lists.",
		"/join #room, /part, /invite NICK #room, /topic: chat rooms. /notice: a message that no away message answers."}},
	{"bitlbee", "If you know BitlBee", []string{
		"Most words are the same: add, remove, rename, info, block, allow, blist, group, help. A line here is a command, NICK: text is a message.",
		"There is no register or identify: your AIM password lets you in. account on and off are signon and signoff. Rooms keep their names, and /join answers an invitation, not yes.",
		"Away is AWAY for clients that know away-notify; for the others a voice (+) means available, as you know it."}},
}

// elsewhere answers words of BitlBee that mean nothing here, or something else.
var elsewhere = map[string]string{
	"identify": "There is nothing to identify for: your AIM password let you in. help account tells what there is.",
	"register": "There is nothing to register: an account here is an AIM account, and its password lets you in.",
	"drop":     "There is nothing to drop: signoff leaves AIM, /quit leaves this server.",
	"yes":      "There is no question open. /join #room answers an invitation.",
	"no":       "There is no question open. An invitation that is not answered goes away by itself.",
	"qlist":    "There is no question open: invitations come as IRC invitations; /join #room answers one.",
	"chat":     "A chat room is /join #name_of_the_room; /invite NICK #room invites.",
	"channel":  "A chat room is /join #name_of_the_room, a group of your list /join &Group; group list shows the groups.",
	"save":     "Nothing needs to be saved: AIM keeps your list.",
	"transfer": "Files cannot be sent over TOC.",
	"ft":       "Files cannot be sent over TOC.",
	"otr":      "There is no encryption between AIM clients here.",
	"plugins":  "There are none: all that there is, help shows.",
}

func (s *session) controlHelp(k *call) {
	if len(k.args) > 0 {
		k.helpOn(strings.ToLower(k.args[0]))
		return
	}
	k.reply("A line you say here is a command for your AIM account; \x02nick: text\x02 is a message to nick. New here? Say \x02help start\x02.")
	for _, topic := range helpTopics {
		var names []string
		for _, cmd := range controlCommands() {
			if cmd.topic == topic.name {
				names = append(names, "\x02"+cmd.name+"\x02")
			}
		}
		line := topic.title + " (help " + topic.name + ")"
		if len(names) > 0 {
			line += ": " + strings.Join(names, " ")
		}
		k.reply("%s", line)
	}
	k.reply("help COMMAND explains one. Commands can be shortened.")
}

// helpOn explains a topic or a command; a word that is both, as both.
func (k *call) helpOn(word string) {
	topic := slices.IndexFunc(helpTopics, func(t helpTopic) bool { return t.name == word })
	cmd, problem := findControl(word)
	if topic >= 0 && (cmd == nil || cmd.name != word) {
		k.helpTopic(helpTopics[topic])
		return
	}
	if cmd == nil {
		k.reply("%s", problem)
		return
	}
	k.reply("\x02%s\x02  %s", strings.TrimSpace(cmd.name+" "+cmd.usage), cmd.brief)
	for _, line := range cmd.long {
		k.reply("%s", line)
	}
	if len(cmd.also) > 0 {
		k.reply("Other names: %s", strings.Join(cmd.also, ", "))
	}
	if topic >= 0 {
		k.helpTopic(helpTopics[topic])
	}
}

func (k *call) helpTopic(t helpTopic) {
	k.reply("\x02%s\x02", t.title)
	for _, line := range t.text {
		k.reply("%s", line)
	}
	for _, cmd := range controlCommands() {
		if cmd.topic == t.name {
			k.reply("\x02%s\x02  %s", strings.TrimSpace(cmd.name+" "+cmd.usage), cmd.brief)
		}
	}
}
