package main

import (
	"net"
	"strings"
	"testing"
	"time"
)

// drowsyTime is the least that bridge.idle_after can be, and some.
const drowsyTime = 3 * time.Minute

// startEvening is startServe with users who are idle after a minute.
func startEvening(t *testing.T, aim *aimServer) (port string) {
	t.Helper()
	config := writeFile(t, "c.toml", "[bridge]\nlinger = '0s'\nidle_after = '1m'\n")
	p := start(t, "serve", "--config", config, "--listen", "127.0.0.1:0", "--toc-server", aim.addr)
	_, port, err := net.SplitHostPort(p.find("msg=listening address="))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// clear empties the window, so that what is waited for next is new.
func (s *terminal) clear() {
	s.t.Helper()
	s.enter("/clear")
}

// TestRealClientsEvening: two people with irssi spend an evening: they add each other, chat with formatting, rename, go
// away, warn, block and unblock, meet in a room with spaces and a hyphen in its name by invitation, change how their
// names are written, are idle, change a password, and sign off.
func TestRealClientsEvening(t *testing.T) {
	t.Parallel()
	needPrograms(t, "tmux", "irssi")
	aim := startAIM(t, twoAccounts())
	port := startEvening(t, aim)
	alice := irssi(t, port, "AliceSmith", "Alice Smith", "pwalice")
	bob := irssi(t, port, "bob", "bob", "pwbob")
	e := &evening{t: t, aim: aim, port: port, alice: alice, bob: bob}

	e.addEachOther()
	e.chat()
	e.rename()
	e.away()
	e.warn()
	e.block()
	e.room()
	e.nameFormat()
	e.idle()
	e.password()
	e.signOff()
	if n := aim.Refused(); n != 0 {
		t.Errorf("the server refused %d commands for speed", n)
	}
}

type evening struct {
	t          *testing.T
	aim        *aimServer
	port       string
	alice, bob *terminal
}

func (e *evening) addEachOther() {
	e.t.Helper()
	e.alice.enter("add bob")
	e.alice.waitScreen("bob [", "has joined &buddies", "Added bob to your group Buddies")
	e.bob.enter(`add "Alice Smith" Ally`)
	e.bob.waitScreen("Ally [", "has joined &buddies", "Added Ally")
	e.bob.enter("rename -del Ally")
	e.bob.waitScreen("Ally is now known as AliceSmith")
}

func (e *evening) chat() {
	e.t.Helper()
	e.alice.enter("/query bob")
	e.alice.do("send-keys", "-l", "tea <at> 5 & ")
	e.alice.keys("C-b")
	e.alice.do("send-keys", "-l", "scones")
	e.alice.keys("C-b", "C-_")
	e.alice.do("send-keys", "-l", "?")
	e.alice.keys("C-_", "Enter")
	e.bob.enter("/query AliceSmith")
	e.bob.waitStyled("tea <at> 5 & ", "\x1b[1mscones", "4m", "?")
	e.bob.enter("yes! grüße, 世界 🫖 https://tea.example/?a=1&b=2")
	e.alice.waitScreen("bob> yes! grüße, 世界", "https://tea.example/?a=1&b=2")
	e.bob.enter("/me puts the kettle on")
	e.alice.waitScreen("* bob puts the kettle on")
}

// rename gives bob another nick at alice's, for a while.
func (e *evening) rename() {
	e.t.Helper()
	e.alice.enter("/window goto &buddies")
	e.alice.enter("rename bob bobby")
	e.alice.waitScreen("bob is now known as bobby")
	e.bob.enter("who am I?")
	e.alice.enter("/query bobby")
	e.alice.waitScreen("bobby> who am I?")
	e.alice.enter("bobby for now")
	e.bob.waitScreen("bobby for now")
	e.alice.enter("/window goto &buddies")
	e.alice.enter("rename -del bobby")
	e.alice.waitScreen("bobby is now known as bob")
}

func (e *evening) away() {
	e.t.Helper()
	e.bob.enter("/away feeding the cat, back soon %%n")
	e.alice.waitScreen("bob is away")
	e.alice.enter("/query bob")
	e.alice.enter("still there?")
	e.bob.waitScreen("still there?")
	e.alice.waitScreen("bob is away: feeding the cat, back soon Alice Smith")
	e.alice.clear()
	e.alice.enter("take your time")
	e.bob.waitScreen("still there?", "take your time")
	if shown := e.alice.screen(); strings.Contains(shown, "is away: feeding") {
		e.t.Errorf("told of one away message twice:\n%s", shown)
	}
	e.bob.enter("/away")
	e.alice.enter("/window goto &buddies")
	e.alice.waitScreen("bob is back")
}

func (e *evening) warn() {
	e.t.Helper()
	e.bob.enter("you owe me a scone")
	e.alice.enter("/window goto bob")
	e.alice.waitScreen("you owe me a scone")
	e.alice.enter("/window goto &buddies")
	e.alice.enter("warn bob")
	e.alice.waitScreen("Warned bob", "10%")
	e.bob.enter("/window goto &buddies")
	e.bob.waitScreen("You were warned by Alice Smith. Your warning level is now 10%")
}

func (e *evening) block() {
	e.t.Helper()
	e.bob.clear()
	e.alice.enter("block bob")
	e.alice.waitScreen("Blocked bob")
	e.bob.waitScreen("AliceSmith [", "has quit")
	e.bob.enter("AliceSmith: hello? hello?")
	e.bob.waitScreen("Alice Smith is not signed on. Not sent: hello? hello?")
	e.bob.clear()
	e.alice.enter("allow bob")
	e.bob.waitScreen("AliceSmith [", "has joined &buddies")
	e.bob.enter("AliceSmith: friends again")
	e.alice.enter("/window goto bob")
	e.alice.waitScreen("friends again")
	if shown := e.alice.screen(); strings.Contains(shown, "hello? hello?") {
		e.t.Errorf("what was said while blocked arrived:\n%s", shown)
	}
}

// room is a chat room with spaces and a hyphen in its name, which the server cuts in the invitation.
func (e *evening) room() {
	e.t.Helper()
	const channel = "#Tea_and_scones_-_round_two"
	e.alice.enter("/join %s", channel)
	e.alice.waitScreen("AliceSmith [", "has joined "+channel)
	e.alice.enter("/invite bob %s", channel)
	e.bob.enter("/window goto 1")
	e.bob.waitScreen("AliceSmith invites you to " + channel)
	e.bob.enter("/join -invite")
	e.bob.waitScreen("bob [", "has joined "+channel)
	e.alice.waitScreen("bob [", "has joined "+channel)
	e.alice.waitScreen(`AIM chat room "Tea and scones - round two" (exchange 4)`)
	e.bob.enter("is the jam here?")
	e.alice.waitScreen("bob> is the jam here?")
	e.alice.enter("/msg %s //roll-dice3-sides20", channel)
	e.bob.waitScreen("OnlineHost> Alice Smith rolled 3 20-sided dice:")
	e.bob.enter("/part %s enough jam", channel)
	e.alice.waitScreen("bob [", "has left "+channel, "enough jam")
}

func (e *evening) nameFormat() {
	e.t.Helper()
	e.bob.enter("/window goto &buddies")
	e.bob.enter("/nick BoB")
	e.bob.waitScreen("You're now known as BoB")
	e.alice.enter("/window goto &buddies")
	e.alice.waitScreen("bob is now known as BoB")
	e.alice.enter(`nick "Alice  SMITH"`)
	e.alice.waitScreen("You're now known as AliceSMITH")
	e.bob.waitScreen("AliceSmith is now known as AliceSMITH")
}

// idle: nobody types for a minute.
func (e *evening) idle() {
	e.t.Helper()
	e.alice.waitLong(drowsyTime, "BoB is idle (1 minute)")
	e.bob.waitLong(drowsyTime, "AliceSMITH is idle (1 minute)")
	e.bob.enter("AliceSMITH: asleep?")
	e.alice.waitScreen("BoB is idle (1 minute)", "BoB is active again")
}

func (e *evening) password() {
	e.t.Helper()
	e.bob.clear()
	e.bob.enter("password pwwrong newpw1")
	e.bob.waitScreen("Not changed")
	e.bob.enter("password pwbob newpw1")
	e.bob.waitScreen("Your AIM password is changed")
	e.bob.enter("/quit")
	e.alice.waitScreen("BoB is active again", "BoB [", "has quit")
	e.alice.clear()
	again := irssi(e.t, e.port, "bob", "bob", "newpw1")
	e.alice.waitScreen("BoB [", "has joined &buddies")
	e.bob = again
}

func (e *evening) signOff() {
	e.t.Helper()
	e.alice.clear()
	e.bob.enter("signoff")
	e.bob.waitScreen("Netsplit tocbridge.localhost <-> aim.tocbridge.localhost quits: AliceSMITH", "You are signed off from AIM")
	e.alice.waitScreen("BoB [", "has quit")
	e.bob.enter("signon")
	e.bob.waitScreen("You are signed off from AIM", "Signed on to AIM again", "AliceSMITH")
	e.alice.waitScreen("BoB [", "has quit", "BoB [", "has joined &buddies")
	e.alice.enter("/quit good night")
	e.bob.waitScreen("AliceSMITH [", "has quit", "good night")
}
