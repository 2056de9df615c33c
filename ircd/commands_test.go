package ircd_test

import (
	"maps"
	"strings"
	"testing"

	"tocbridge/ircd"
	"tocbridge/ircd/ircdtest"
)

// commandRow is what a command of ircd's own answers to misuse, exactly. "" is nothing at all.
type commandRow struct {
	before  string // "AWAY x" before registration
	few     string // without parameters
	unknown string // what is sent with a target that does not exist
	answer  string // and the answer to that
}

const (
	notRegistered = ":irc.test 451 * :You have not registered"
	noPrivileges  = ":irc.test 481 alice :Permission Denied- You're not an IRC operator"
)

func needMore(nick, command string) string {
	return ":irc.test 461 " + nick + " " + command + " :Not enough parameters"
}

func noServer(name string) string { return ":irc.test 402 alice " + name + " :No such server" }

var commandRows = map[string]commandRow{
	"PASS":         {"", needMore("alice", "PASS"), "PASS x", ":irc.test 462 alice :You may not reregister"},
	"NICK":         {":irc.test 432 * 9x :Erroneous nickname", "", "", ""}, // the session's, once registered
	"USER":         {needMore("*", "USER"), needMore("alice", "USER"), "USER a 0 * :a", ":irc.test 462 alice :You may not reregister"},
	"CAP":          {":irc.test 410 * 9x :Invalid CAP command", needMore("alice", "CAP"), "CAP 9x", ":irc.test 410 alice 9x :Invalid CAP command"},
	"AUTHENTICATE": {":irc.test 908 * PLAIN :are available SASL mechanisms", needMore("alice", "AUTHENTICATE"), "AUTHENTICATE 9x", ":irc.test 462 alice :SASL authentication is possible only before registration: connect again"},
	"PING":         {":irc.test PONG irc.test 9x", ":irc.test 409 alice :No origin specified", "PING 9x elsewhere.test", ":irc.test PONG irc.test 9x"},
	"PONG":         {"", "", "PONG 9x elsewhere.test", ""},
	"QUIT":         {"ERROR :Quit: 9x", "ERROR :Client quit", "", ""},
	"ERROR":        {"", "", "ERROR 9x", ""},
	"AWAY":         {notRegistered, "", "", ""},                              // the session's, once registered
	"BOUNCER":      {":irc.test 421 * BOUNCER :Unknown command", "", "", ""}, // TestBouncerBind; the session's, once registered
	"BATCH":        {notRegistered, needMore("alice", "BATCH"), "BATCH +9x nothing", ":irc.test 421 alice BATCH :Unknown command"},
	"MONITOR":      {notRegistered, needMore("alice", "MONITOR"), "MONITOR + nobody", ":irc.test 731 alice nobody"},
	"MOTD":         {notRegistered, ":irc.test 375 alice :- irc.test Message of the day - ", "MOTD 9x", noServer("9x")},
	"VERSION":      {notRegistered, ":irc.test 351 alice test-1 irc.test :a test server", "VERSION 9x", noServer("9x")},
	"LUSERS":       {notRegistered, ":irc.test 251 alice :There are 1 users and 0 invisible on 1 servers", "LUSERS * 9x", noServer("9x")},
	"ADMIN":        {notRegistered, ":irc.test 423 alice irc.test :No administrative info available", "ADMIN 9x", noServer("9x")},
	"INFO":         {notRegistered, ":irc.test 371 alice :a test server", "INFO 9x", noServer("9x")},
	"TIME":         {notRegistered, ":irc.test 391 alice irc.test *", "TIME 9x", noServer("9x")},
	"LINKS":        {notRegistered, ":irc.test 364 alice irc.test irc.test :0 a test server", "LINKS 9x *", noServer("9x")},
	"STATS":        {notRegistered, needMore("alice", "STATS"), "STATS u 9x", noServer("9x")},
	"HELP":         {notRegistered, ":irc.test 704 alice * *", "HELP 9x", ":irc.test 524 alice 9X :No help available on this topic"},
	"HELPOP":       {notRegistered, ":irc.test 704 alice * *", "HELPOP 9x", ":irc.test 524 alice 9X :No help available on this topic"},
	"OPER":         {notRegistered, needMore("alice", "OPER"), "OPER 9x secret", ":irc.test 491 alice :No O-lines for your host"},
	"KILL":         {notRegistered, needMore("alice", "KILL"), "KILL nobody why", noPrivileges},
	"WALLOPS":      {notRegistered, needMore("alice", "WALLOPS"), "WALLOPS :hear me", noPrivileges},
	"REHASH":       {notRegistered, noPrivileges, "REHASH 9x", noPrivileges},
	"RESTART":      {notRegistered, noPrivileges, "RESTART 9x", noPrivileges},
	"SQUIT":        {notRegistered, needMore("alice", "SQUIT"), "SQUIT 9x bye", noPrivileges},
}

// Every command of the table: before registration, with too few parameters, at an unknown target. The session's own
// have their tables there.
func TestEveryCommandMisused(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	rows := maps.Clone(commandRows)
	for _, cmd := range new(ircd.Server).CommandList() {
		row, ok := rows[cmd.Name]
		delete(rows, cmd.Name)
		t.Run(cmd.Name, func(t *testing.T) {
			t.Parallel()
			if !ok {
				t.Fatal("no row in the test")
			}
			misused(t, s.dialFor(t), cmd.Name+" 9x", row.before, cmd.Name == "AUTHENTICATE")
			for send, want := range map[string]string{cmd.Name: row.few, row.unknown: row.answer} {
				if theirs := want == "" && row.unknown == ""; send == "" || theirs {
					continue
				}
				c := s.dialFor(t)
				c.Register("alice")
				misused(t, c, send, want, false)
			}
		})
	}
	if len(rows) > 0 {
		t.Errorf("no commands: %v", rows)
	}
}

// misused sends a line and wants that answer, and nothing else unless more follows.
func misused(t *testing.T, c *ircdtest.Client, send, want string, follows bool) {
	t.Helper()
	c.Send("%s", send)
	if want != "" {
		c.ExpectNext(want)
	}
	if strings.HasPrefix(want, "ERROR") {
		c.ExpectClosed()
		return
	}
	if rest := c.Sync(); len(rest) > 0 && !follows && !more(want) {
		t.Errorf("%s: and %v", send, rest)
	}
}

// more tells whether further numerics belong to the answer.
func more(first string) bool {
	for _, numeric := range []string{" 375 ", " 351 ", " 251 ", " 371 ", " 364 ", " 704 "} {
		if strings.Contains(first, numeric) {
			return true
		}
	}
	return false
}
