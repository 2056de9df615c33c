package bridge

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"tocbridge/bridge/pace"
	"tocbridge/toc"
)

// talkControls are lines said to *aim one after the other, and its answers, line by line. {} is what varies.
var talkControls = map[string][]struct{ say, want string }{
	"help": {
		{"HELP remove", "\x02remove NICK\x02  take somebody off your buddy list\nAlso: /kick NICK in &buddies\nOther names: del, delete"},
		{"help del", "\x02remove NICK\x02  take somebody off your buddy list\nAlso: /kick NICK in &buddies\nOther names: del, delete"},
		{"help nonsense", "Unknown command: nonsense. Say help for what there is; to write to somebody say nick: text."},
		{"help a", "a could be add or allow or account. Which?"},
		{"\x02he\x02lp acc", "\x02account [on|off]\x02  the link to AIM: since when, what waits, who else; on and off are signon and signoff\nOther names: status"},
	},
	"unknown": {
		{"xyzzy", "Unknown command: xyzzy. Say help for what there is; to write to somebody say nick: text."},
		{"ad", "Usage: add [-group GROUP] NAME [ALIAS]"},
		{"renmae bob x", "Unknown command: renmae. Did you mean rename? Say help for all of them; to write to somebody say nick: text."},
		{"zed: hello", "Nobody called zed is on your list. msg zed TEXT writes to any screen name."},
		{"zed, hello", "Nobody called zed is on your list. msg zed TEXT writes to any screen name."},
		{"identify secret", "There is nothing to identify for: your AIM password let you in. help account tells what there is."},
		{"help bitlbe", "Unknown command: bitlbe. Did you mean help bitlbee? Say help for all of them; to write to somebody say nick: text."},
		{`add "no end`, `a closing " is missing`},
		{"   ", ""},
		{"\x01VERSION\x01", ""},
		{"\x01ACTION add zed\x01", ""},
	},
	"add": {
		{"add", "Usage: add [-group GROUP] NAME [ALIAS]"},
		{"add -group Work", "Usage: add [-group GROUP] NAME [ALIAS]"},
		{"add -group", "Usage: add [-group GROUP] NAME [ALIAS]"},
		{"add -grup Work zed", "Usage: add [-group GROUP] NAME [ALIAS]"},
		{"add zed", "Added zed to your group Buddies; shows up in &buddies when signed on."},
		{"add zed", "zed is in your group Buddies already, and offline."},
		{"add ZED", "zed is in your group Buddies already, and offline."},
		{"add -group BUDDIES zed", "zed is in your group Buddies already, and offline."},
		{"add bob", "bob is in your group Buddies already, and online."},
		{"add bob Bobby B", "Added bob to your group Buddies: online."},
		{"add bob Bobby B", "bob is in your group Buddies already, and online."},
		{"add -group Work bob", "Added bob to your group Work: online."},
		{`add -group "Old Friends" zed`, "Added zed to your group Old Friends; shows up in &buddies when signed on."},
		{"add zed", "zed is in your groups Buddies, Old Friends already, and offline."},
		{"add alice", "Added yourself to your group Buddies; you are not shown twice."},
		{`add "Cool Guy" The Cool One`, "Added CoolGuy to your group Buddies; shows up in &buddies when signed on."},
		{`add ""`, "Not added: a screen name has 1 to 64 characters"},
		{"add " + strings.Repeat("x", 65), "Not added: a screen name has 1 to 64 characters"},
		{"add -group " + strings.Repeat("g", 65) + " zed", "Not added: groups and aliases have at most 64 characters"},
		{"add yves " + strings.Repeat("a", 65), "Not added: groups and aliases have at most 64 characters"},
		{"add a:b", "Not added: names and groups cannot have colons or braces on AIM"},
		{"add -group {x} zed", "Not added: names and groups cannot have colons or braces on AIM"},
		{"add zed a}b", "Not added: names and groups cannot have colons or braces on AIM"},
	},
	"remove": {
		{"remove", "Usage: remove NICK"},
		{"remove zed", "zed is not on your buddy list."},
		{"del carol", "Removed carol from your buddy list."},
		{"delete carol", "carol is not on your buddy list."},
		{"remove alice", "alice is not on your buddy list."},
		{"remove *aim", "*aim is not on your buddy list."},
	},
	"rename": {
		{"rename", "Usage: rename NICK NEWNICK"},
		{"rename bob", "Usage: rename NICK NEWNICK"},
		{"rename zed zorro", "zed is not on your buddy list."},
		{"rename bob b@d", "b@d is not a legal nick: letters, digits and []\\`_^{|}- only, no digit in front."},
		{"rename bob *aim", "*aim is not a legal nick: letters, digits and []\\`_^{|}- only, no digit in front."},
		{"rename bob alice", "alice is taken by somebody else."},
		{"rename bob Robert", "bob is now Robert."},
		{"rename robert Robert", "Robert has that nick already."},
		{"rename carol Robert", "Robert is taken by somebody else."},
		{"rename -del zed", "zed is not on your buddy list."},
		{"rename -del Robert", "Robert is now bob."},
		{"rename -del bob", "bob has that nick already."},
		{"rename alice ally", "alice is not on your buddy list."},
	},
	"info": {
		{"info", "Usage: info NICK"},
		{"info bob", "\x02bob\x02: online\nSigned on since {}\nbob is in your group Buddies\nbob has an AIM account that is not confirmed\n| a profile"},
		{"whois carol", "\x02carol\x02: offline\ncarol is in your group Buddies\n| a profile"},
		{"info alice", "\x02alice\x02: that is you\n| a profile"},
		{"info zed", "\x02zed\x02: not signed on, or there is no such name\nzed is not on your buddy list\n| a profile"},
	},
	"block": {
		{"block", "Blocked: nobody."},
		{"block alice", "You cannot block yourself."},
		{"block ALICE", "You cannot block yourself."},
		{"block bob", "Blocked bob: cannot see you or write to you any more."},
		{"block bob", "bob is blocked already."},
		{"block zed", "Blocked zed: cannot see you or write to you any more."},
		{"block", "Blocked: bob zed"},
		{"allow bob", "bob may see you and write to you."},
		{"block", "Blocked: zed"},
		{"unblock zed", "zed may see you and write to you."},
		{"block", "Blocked: nobody."},
		{"allow", "Explicitly allowed: nobody."},
	},
	"allow": {
		{"allow", "Explicitly allowed: nobody."},
		{"allow bob", "bob may see you and write to you."},
		{"unblock NoBody", "NoBody may see you and write to you."},
		{"allow", "Explicitly allowed: nobody."},
	},
	"msg": {
		{"msg", "Usage: msg NAME TEXT"},
		{"msg bob", "Usage: msg NAME TEXT"},
		{"msg bob hi  there", "To bob: hi  there"},
		{`im "Cool Guy" \x02hello\x02`, "CoolGuy is not signed on. Not sent: \\x02hello\\x02"},
		{"tell zed hi", "zed is not signed on. Not sent: hi"},
		{"msg #room hi", "#room is no person."},
		{"msg *aim hi", "*aim is no person."},
	},
	"profile": {
		{"profile", "You have no profile. profile set TEXT writes one."},
		{"profile show", "You have no profile. profile set TEXT writes one."},
		{"profile set", "Usage: profile [show | set TEXT | add TEXT | clear]"},
		{"profile frob", "Usage: profile [show | set TEXT | add TEXT | clear]"},
		{"profile set I like  \x02trains\x02 & <maps>", "Your profile is set. info alice shows it as others see it."},
		{"profile add And more", "Your profile is set. info alice shows it as others see it."},
		{"profile show", "Your profile on AIM:\n| I like  \x02trains\x02 & <maps>\n| And more"},
		{"profile set " + strings.Repeat("&", 420), "Not set: that is {} bytes too long for AIM."},
		{"profile clear", "Your profile is empty now."},
		{"profile", "You have no profile. profile set TEXT writes one."},
	},
	"dir": {
		{"dir", "Usage: dir get NICK | search FIELD=VALUE… | set FIELD=VALUE… | clear"},
		{"dir get", "Usage: dir get NICK | search FIELD=VALUE… | set FIELD=VALUE… | clear"},
		{"dir find x", "Usage: dir get NICK | search FIELD=VALUE… | set FIELD=VALUE… | clear"},
		{"dir set frist=Bob", "frist=Bob is not FIELD=VALUE. The fields are first, middle, last, maiden, city, state, country, email, web."},
		{"dir set Bob", "Bob is not FIELD=VALUE. The fields are first, middle, last, maiden, city, state, country, email, web."},
		{"dir set first=a:b", "A value cannot have colons or quotes on AIM."},
		{`dir set first=Bob CITY="New York"`, "Your entry in AIM's directory is set. dir get alice shows it."},
		{"dir clear", "Your entry in AIM's directory is empty now."},
	},
	"warn": {
		{"warn", "Usage: warn NICK [anon]"},
		{"warn bob hard", "Usage: warn NICK [anon]"},
		{"warn alice", "You cannot warn yourself."},
		{"warn a:b", "a:b cannot be a screen name."},
		{"warn bob", "Warned bob."},
		{"warn bob anon", "Warned bob anonymously."},
		{"evil bob anonymous", "Warned bob anonymously."},
	},
	"nick": {
		{"nick", "Usage: nick NAME"},
		{"nick bob", "Your name is alice; only its upper and lower case and its spaces can change."},
		{"nick alice", "Your name is alice already."},
		{"format ALI ce", "Not changed: AIM does not take this form of your name: AIM could not carry out the request. Check that the names exist and are spelled as on your list. (AIM error 913)"},
	},
	"password": {
		{"password", "Usage: password OLD NEW"},
		{"password old", "Usage: password OLD NEW"},
		{"password one two three", "Usage: password OLD NEW"},
		{"password same same", "Not changed: the new password is the old one."},
	},
	"move": {
		{"move", "Usage: move NICK GROUP"},
		{"move bob", "Usage: move NICK GROUP"},
		{"move zed Work", "zed is not on your buddy list."},
		{"move bob buddies", "bob is in your group Buddies already."},
		{"move bob Old Friends", "Moved bob from Buddies to Old Friends."},
		{`move BOB "old friends"`, "bob is in your group Old Friends already."},
		{"add -group Work bob", "Added bob to your group Work: online."},
		{"move bob Family", "Moved bob from Old Friends, Work to Family."},
		{"move bob a:b", "Not moved: names and groups cannot have colons or braces on AIM"},
		{`move bob ""`, "Not moved: a group needs a name"},
	},
	"group": {
		{"group", "\x02Group    Channel    Online  Buddies\x02\nBuddies  &&Buddies  1       2\n1 group"},
		{"group frob", "Usage: group list | add GROUP | del GROUP | rename GROUP NEWNAME"},
		{"group add", "Usage: group list | add GROUP | del GROUP | rename GROUP NEWNAME"},
		{"group rename Work", "Usage: group list | add GROUP | del GROUP | rename GROUP NEWNAME"},
		{"group add Our Family", "Added the group Our Family: /join &Our_Family"},
		{`group add "our family"`, "You have a group Our Family already."},
		{"group add a:b", "Not added: names and groups cannot have colons or braces on AIM"},
		{"groups list", "\x02Group       Channel      Online  Buddies\x02\nBuddies     &&Buddies    1       2\nOur Family  &Our_Family  0       0\n2 groups"},
		{"group del Work", "You have no group Work; group list shows them."},
		{"group del Buddies", "Not deleted: Buddies has 2 buddies (bob carol). Move them first, or take them off your list with it: group del Buddies -all"},
		{"group rename Buddies Our Family", "Not renamed: you have a group Our Family already."},
		{"group rename &Our_Family Our Family", "It has that name already."},
		{"group rename &our_family OUR FAMILY", "The group Our Family is now OUR FAMILY."},
		{"group rename Work x", "You have no group Work; group list shows them."},
		{"group rename Buddies {x", "Not renamed: names and groups cannot have colons or braces on AIM"},
		{"group rename Buddies Friends", "The group Buddies is now Friends."},
		{"move bob our family", "Moved bob from Friends to OUR FAMILY."},
		{"group del Friends -all", "Deleted the group Friends with carol."},
		{"group remove our family -all", "Deleted the group OUR FAMILY with bob."},
		{"group list", "0 groups"},
	},
	"privacy": {
		{"privacy", "\x02privacy all\x02: everybody may see you and write to you.\nBlocked: nobody.\nExplicitly allowed: nobody."},
		{"privacy some", "Usage: privacy [all|none|permit|deny|buddies]"},
		{"privacy PERMIT", "From now on only who is allowed may see you and write to you. Nobody is allowed so far: allow NICK."},
		{"privacy permit", "It is so already: only who is allowed may see you and write to you."},
		{"allow bob", "bob may see you and write to you."},
		{"allow", "Explicitly allowed: bob"},
		{"block bob", "Blocked bob (moved from the allow list to the block list): cannot see you or write to you any more."},
		{"allow", "Explicitly allowed: nobody."},
		{"privacy none", "From now on nobody may see you or write to you."},
		{"block zed", "zed is on the block list. privacy none keeps everybody out anyway."},
		{"allow bob", "bob is on the allow list, but privacy none keeps everybody out; privacy permit lets in who is on it."},
		{"privacy buddies", "From now on only who is on your buddy list may see you and write to you."},
		{"block carol", "carol is on the block list, but with privacy buddies only your buddy list counts. remove carol, or say privacy deny."},
		{"allow zed", "zed is not blocked, but with privacy buddies only your buddy list counts: add zed, or say privacy all."},
		{"privacy deny", "From now on all but who is blocked may see you and write to you."},
		{"privacy", "\x02privacy deny\x02: all but who is blocked may see you and write to you.\nBlocked: carol\nExplicitly allowed: bob"},
		{"block a:b", "a:b cannot be a screen name."},
		{`allow ""`, " cannot be a screen name."},
		{"privacy all", "From now on everybody may see you and write to you."},
	},
	"signoff": {
		{"signoff", signedOffText},
		{"offline", "You are signed off already; signon comes back."},
		{"account aim off", "You are signed off already; signon comes back."},
		{"move bob Work", "Not moved: you are signed off from AIM, signon comes back"},
		{"group add Work", "Not added: you are signed off from AIM, signon comes back"},
		{"group del Buddies -all", "Not deleted: you are signed off from AIM, signon comes back"},
		{"group rename Buddies Work", "Not renamed: you are signed off from AIM, signon comes back"},
		{"privacy none", "Not changed: you are signed off from AIM, signon comes back"},
		{"allow bob", "Not changed: you are signed off from AIM, signon comes back"},
		{"rename bob bobby", "bob is now bobby, but not as alias on AIM: you are signed off from AIM, signon comes back"},
		{"group", "\x02Group    Channel    Online  Buddies\x02\nBuddies  &&Buddies  0       2\n1 group"},
	},
	"signon": {
		{"signon", "You are signed on already, since {}. reconnect signs on anew."},
		{"online", "You are signed on already, since {}. reconnect signs on anew."},
	},
	"reconnect": {
		{"reconnect", "Signing off and on again…"},
	},
	"notices": {
		{"notices", "Usage: notices on|off"},
		{"notices maybe", "Usage: notices on|off"},
		{"notices OFF", "No more notices about away and idle buddies. notices on brings them back."},
		{"notices on", "You will be told when buddies go away, come back, or are idle."},
	},
	"history": {
		{"history", noHistoryText},
		{"backlog bob", noHistoryText},
	},
	"search": {
		{"search", "Usage: search WORDS [from:NICK] [in:NICK|#ROOM] [before:DATE] [after:DATE]"},
		{"search pizza", noHistoryText},
	},
	"whisper": {
		{"whisper #x bob", "Usage: whisper #ROOM NICK TEXT"},
		{"whisper #x bob psst", "You are not in a room #x."},
	},
	"set": {
		{"set", "\x02always-on\x02 = no  {}\n\x02outbox\x02 = no  {}\n\x02notices\x02 = yes  {}"},
		{"set notices", "\x02notices\x02 = yes  tell in &buddies when buddies go away, come back or are idle (yes|no)"},
		{"set NOT maybe", "notices takes yes or no."},
		{"set notices no please", "notices takes yes or no."},
		{"set notices off", "No more notices about away and idle buddies. set notices yes brings them back."},
		{"set notices 1", "You will be told when buddies go away, come back, or are idle."},
		{"set colour blue", "There is no setting colour. There are: always-on, outbox, notices"},
		{"set always-on yes", "This server keeps nothing on disk, so no account can be always on. Its admin can change that: path under [store] in the configuration."},
		{"set always no", "This account is not always on."},
		{"set outbox yes", "Nothing can be kept for this account: it has no password, or this server keeps nothing."},
		{"set outbox no", "What you write to somebody who is not signed on is not kept any more."},
	},
	"outbox": {
		{"outbox", "Nothing is kept. set outbox yes keeps what you write to somebody who is not signed on."},
		{"outbox cancel", "Usage: outbox [cancel N|NICK|all]"},
		{"outbox cancel 1", "There is no such message in your outbox. outbox shows what is kept."},
	},
	"notify": {
		{"notify", "You wait for nobody. notify NICK tells you when NICK signs on."},
		{"notify carol", "You will be told when carol signs on."},
		{"notify carol you are late", "When carol signs on the next time, your text is sent and you are told."},
		{"notify", "carol, once, and sends: you are late\nYou wait for 1 person."},
		{"notify del carol", "You will not be told any more when carol signs on."},
		{"notify del carol", "You do not wait for carol. notify alone shows for whom you do."},
	},
	"certfp": {{"certfp", "Usage: certfp list | add [FINGERPRINT] | del FINGERPRINT"}},
	"blist": {
		{"blist", "\x02Nick  Screen name  Group    Status\x02\nbob   bob          Buddies  online\n2 buddies (1 available, 0 away, 1 offline)"},
		{"list offline", "\x02Nick   Screen name  Group    Status\x02\ncarol  carol        Buddies  offline\n2 buddies (1 available, 0 away, 1 offline)"},
		{"ls ALL bo", "\x02Nick  Screen name  Group    Status\x02\nbob   bob          Buddies  online\n2 buddies (1 available, 0 away, 1 offline)"},
		{"blist ?arol", "\x02Nick   Screen name  Group    Status\x02\ncarol  carol        Buddies  offline\n2 buddies (1 available, 0 away, 1 offline)"},
		{"blist online carol", "Nobody on your list matches.\n2 buddies (1 available, 0 away, 1 offline)"},
		{"blist away", "Nobody on your list matches.\n2 buddies (1 available, 0 away, 1 offline)"},
		{"blist [*", "Nobody on your list matches.\n2 buddies (1 available, 0 away, 1 offline)"},
	},
	"account": {
		{"account on", "You are signed on already, since {}. reconnect signs on anew."},
		{"account add aim alice", "Your account here is your AIM account, and you are logged in to it. account on and off, or signon and signoff, come and go; set shows what can be set."},
		{"account aim set x", "Your account here is your AIM account, and you are logged in to it. account on and off, or signon and signoff, come and go; set shows what can be set."},
		{"account", "Screen name alice, server aim.test:9898\nSigned on since {}\nOther AIM clients of this name: none noticed (AIM tells only what they do)\n" +
			"1 IRC client attached: (this one), warning level 0%, everybody may see you and write to you\nNothing waits to be sent; no speed limits are kept: the server is said to have none"},
		{"status", "Screen name alice, server aim.test:9898\nSigned on since {}\nOther AIM clients of this name: none noticed (AIM tells only what they do)\n" +
			"1 IRC client attached: (this one), warning level 0%, everybody may see you and write to you\nNothing waits to be sent; no speed limits are kept: the server is said to have none"},
	},
}

func talkMatch(pattern, got string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\{\}`, `[^\n]+`) + "$").MatchString(got)
}

// TestTalkControl: every command of *aim with right and wrong words, in &buddies and in private.
func TestTalkControl(t *testing.T) {
	t.Parallel()
	for _, cmd := range controlCommands() {
		if talkControls[cmd.name] == nil {
			t.Errorf("%s is not tested", cmd.name)
		}
	}
	for name, rows := range talkControls {
		for _, where := range []string{"&buddies", "*aim", "*AIM"} {
			t.Run(name+" in "+where, func(t *testing.T) {
				t.Parallel()
				_, c, end := talk(t)
				end.mu.Lock()
				end.busy, end.page = true, "a profile"
				end.mu.Unlock()
				for _, row := range rows {
					c.Send("PRIVMSG %s :%s", where, row.say)
					var got []string
					for _, wanted := 0, strings.Count(row.want, "\n| "); ; {
						for _, m := range c.Sync() {
							if m.Prefix.Name == controlNick && m.Command == "PRIVMSG" {
								got = append(got, m.Trailing())
								if where != "&buddies" && m.Params[0] != "alice" || where == "&buddies" && m.Params[0] != where {
									t.Errorf("%s: answered in %s", row.say, m.Params[0])
								}
							}
						}
						if strings.Count(strings.Join(got, "\n"), "\n| ") >= wanted { // the page comes over HTTP, which no fence covers
							break
						}
					}
					if answer := strings.Join(got, "\n"); !talkMatch(row.want, answer) {
						t.Errorf("%q: got\n%q, want\n%q", row.say, answer, row.want)
					}
				}
			})
		}
	}
}

// TestTalkControlReachesAIM: what *aim's commands send.
func TestTalkControlReachesAIM(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	one := func(group string, b toc.Buddy) toc.Command {
		return toc.NewBuddies{Groups: []toc.Group{{Name: group, Buddies: []toc.Buddy{b}}}}
	}
	for _, tc := range []struct {
		say  string
		want []toc.Command
	}{
		{"add zed", []toc.Command{one("Buddies", toc.Buddy{Name: "zed"})}},
		{"add -group buddies Yves Y V", []toc.Command{one("Buddies", toc.Buddy{Name: "yves", Alias: "Y V"})}},
		{`add -group "New One" zed`, []toc.Command{one("New One", toc.Buddy{Name: "zed"})}},
		{"remove zed", []toc.Command{toc.RemoveBuddies{Names: []toc.ScreenName{"zed"}, Group: "Buddies"}, toc.RemoveBuddies{Names: []toc.ScreenName{"zed"}, Group: "New One"},
			toc.RemoveBuddiesV1{Names: []toc.ScreenName{"zed"}}}},
		{"move bob Work", []toc.Command{one("Work", toc.Buddy{Name: "bob"}), toc.RemoveBuddies{Names: []toc.ScreenName{"bob"}, Group: "Buddies"}}},
		{"group add Family", []toc.Command{toc.NewGroup{Group: "Family"}}},
		{"group rename Work Old Work", []toc.Command{toc.NewGroup{Group: "Old Work"}, one("Old Work", toc.Buddy{Name: "bob"}),
			toc.RemoveBuddies{Names: []toc.ScreenName{"bob"}, Group: "Work"}, toc.DelGroup{Group: "Work"}}},
		{"group del Family", []toc.Command{toc.DelGroup{Group: "Family"}}},
		{`group del "Old Work" -all`, []toc.Command{toc.RemoveBuddies{Names: []toc.ScreenName{"bob"}, Group: "Old Work"}, toc.DelGroup{Group: "Old Work"}}},
		{"privacy none", []toc.Command{toc.SetPDMode{Mode: toc.DenyAll}}},
		{"privacy all", []toc.Command{toc.SetPDMode{Mode: toc.PermitAll}}},
		{"block dora", []toc.Command{toc.AddDeny{Names: []toc.ScreenName{"dora"}}, toc.SetPDMode{Mode: toc.DenySome}}},
		{"privacy permit", []toc.Command{toc.SetPDMode{Mode: toc.PermitSome}}},
		{"allow dora", []toc.Command{toc.RemoveDeny{Names: []toc.ScreenName{"dora"}}, toc.AddPermit{Names: []toc.ScreenName{"dora"}}}},
		{"block dora", []toc.Command{toc.AddDeny{Names: []toc.ScreenName{"dora"}}, toc.RemovePermit{Names: []toc.ScreenName{"dora"}}}},
		{"rename carol kara", []toc.Command{one("Buddies", toc.Buddy{Name: "carol", Alias: "kara"})}},
		{"rename -del kara", []toc.Command{one("Buddies", toc.Buddy{Name: "carol"})}},
	} {
		end.take()
		c.Send("PRIVMSG *aim :%s", tc.say)
		c.Sync()
		for _, want := range tc.want {
			end.expect(want)
		}
		if rest := end.take(); len(rest) > 0 {
			t.Errorf("%s also sends %#v", tc.say, rest)
		}
	}
}

// TestTalkControlWithoutLink: nothing is changed that AIM does not hear of.
func TestTalkControlWithoutLink(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Backoff: Backoff{Min: time.Hour, Max: time.Hour}})
	r.config("alice", buddies("bob", "carol"))
	c, end := r.login("alice")
	end.Close()
	c.Expect("NOTICE &buddies :Not connected to AIM*")
	const not = "not connected to AIM at the moment, trying again in {}"
	for _, row := range []struct{ say, want string }{
		{"add zed", "Not added: " + not},
		{"remove bob", "Not removed: " + not},
		{"block bob", "Not blocked: " + not},
		{"blist all zed", "Nobody on your list matches.\n2 buddies (0 available, 0 away, 2 offline)"},
		{"blist all bob", "\x02Nick  Screen name  Group    Status\x02\nbob   bob          Buddies  offline\n2 buddies (0 available, 0 away, 2 offline)"},
		{"block", "Blocked: nobody."},
		{"info bob", "\x02bob\x02: offline\nbob is in your group Buddies\nNo profile: " + not},
		{"account", "Screen name alice, server aim.test:9898\nNot connected to AIM: {}\n" +
			"1 IRC client attached: (this one), warning level 0%, everybody may see you and write to you\nNothing waits to be sent; no speed limits are kept: the server is said to have none"},
	} {
		if got := ask(c, row.say); !talkMatch(row.want, got) {
			t.Errorf("%s: got\n%q, want\n%q", row.say, got, row.want)
		}
	}
}

// TestTalkProfile: what can come of fetching a profile.
func TestTalkProfile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		page talkPage
		want []string
	}{
		"none":    {talkPage{err: toc.ErrNoProfile}, []string{"No profile."}},
		"busy":    {talkPage{err: toc.ErrProfileBusy}, []string{"No profile: AIM gives out no more pages for the moment (ten a minute); try again in a minute."}},
		"broken":  {talkPage{err: context.DeadlineExceeded}, []string{"No profile: The page could not be fetched; try again later."}},
		"lines":   {talkPage{html: "<HTML><TITLE>t</TITLE><B>one</B><BR> <BR>two &amp; 3</HTML>"}, []string{"| \x02one\x02", "| two & 3"}},
		"percent": {talkPage{html: "100%s %d sure"}, []string{"| 100%s %d sure"}},
		"hostile": {talkPage{html: "a\r\nQUIT :x<BR>\x01VERSION\x01"}, []string{"| a", "| QUIT :x", "| VERSION"}},
		"long":    {talkPage{html: strings.Repeat("x<BR>", 30)}, append(strings.Split(strings.Repeat("| x\n", 19)+"| x", "\n"), "[…]")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := &talkEnd{farEnd: newFarEnd(t, "alice"), pages: map[string]talkPage{"p": tc.page}}
			end.tell(toc.Nick{Name: "alice"}, toc.Config{V2: true})
			r := newRig(t, Options{SignOn: func(context.Context, toc.ScreenName, string) (Uplink, error) { return end, nil }})
			c := r.attach("alice")
			c.Send("PRIVMSG *aim :info bob")
			end.expect(toc.GetInfo{Name: "bob"})
			end.tell(toc.GotoURL{Window: "profile", Path: "p"})
			c.Expect("PRIVMSG alice :bob is not on your buddy list")
			for _, want := range tc.want {
				if m := c.Next(); m.Trailing() != want || m.Command != "PRIVMSG" {
					t.Errorf("got %q, want %q", m, want)
				}
			}
			if rest := c.Sync(); len(rest) > 0 {
				t.Errorf("and then %v", rest)
			}
		})
	}
}

func TestTalkClassOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cmd   toc.Command
		class pace.Class
		times int
	}{
		{toc.SendIM{}, pace.Messages, 1}, {toc.SendIMEnc{}, pace.Messages, 1}, {toc.GetStatus{}, pace.Messages, 1},
		{toc.ChatInviteTo{Names: []toc.ScreenName{"a", "b", "c"}}, pace.Messages, 3},
		{toc.AddBuddies{}, pace.Light, 1}, {toc.ChatWhisper{}, pace.Light, 1}, {toc.AddDenyV1{}, pace.Light, 1},
		{toc.ChatJoin{}, pace.General, 3}, {toc.ChatAccept{}, pace.General, 3}, {toc.ChatLeave{}, pace.None, 1},
		{toc.SetDir{}, pace.Directory, 1}, {toc.InitDone{}, pace.General, 1}, {toc.SetAway{}, pace.General, 1}, {toc.GetInfo{}, pace.General, 1},
	} {
		if class, times := classOf(tc.cmd); class != tc.class || times != tc.times {
			t.Errorf("%T: class %v, %d times", tc.cmd, class, times)
		}
	}
}

func TestTalkMergeFits(t *testing.T) {
	t.Parallel()
	room := toc.IMRoom("bob", false)
	for _, tc := range []struct {
		cmd  toc.Command
		size int
		fits bool
	}{
		{toc.SendIM{To: "bob"}, room, true}, {toc.SendIM{To: "bob"}, room + 1, false},
		{toc.ChatSend{Room: 7}, toc.ChatRoom(7), true}, {toc.ChatSend{Room: 7}, toc.ChatRoom(7) + 1, false},
		{toc.SetAway{}, 1, false},
	} {
		text := strings.Repeat("x", tc.size)
		got, ok := withText(tc.cmd, text)
		if ok != tc.fits {
			t.Errorf("%T with %d bytes fits: %v", tc.cmd, tc.size, ok)
		}
		if ok && len(got.Line()) > toc.MaxCommand {
			t.Errorf("%T: %d bytes", got, len(got.Line()))
		}
	}
}
