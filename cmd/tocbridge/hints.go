package main

import (
	"fmt"
	"net"
	"strings"
)

// demoMOTD greets who logged in to the demo.
var demoMOTD = []string{
	"This is the tocbridge demo: an AIM server with three buddies, in one process.",
	"",
	"Your buddies are in the channel &buddies, where you are already. Try:",
	"  /msg Polly hello         Polly answers; say help to Polly for more",
	"  /whois TeaTimeTom        he goes away and comes back",
	"  /join #" + demoRoom + "             a chat room with Polly in it",
	"  help                     said in &buddies: what you can do with your list",
	"To talk to yourself, log in as bob from a second terminal; then say, here in",
	"&buddies: add bob",
}

// hints says what to type to connect to the demo at addr.
func hints(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return fmt.Sprintf("tocbridge demo is ready at %s.\n", addr)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	url := "irc://alice@" + net.JoinHostPort(host, port)
	return strings.NewReplacer("HOST", host, "PORT", port, "URL", url, "ROOM", demoRoom).Replace(`
tocbridge demo: an AIM server with three buddies, bridged to IRC.
Everything is in memory and gone when you stop it with Ctrl-C.

Connect with any name (here: alice), with or without a password:

  irssi      irssi --connect=HOST --port=PORT --nick=alice
  WeeChat    weechat URL
  HexChat    /nick alice
             /server HOST PORT      (newer than 2.16: /server -insecure HOST PORT)

Or, in a client that runs already:

  irssi      /connect HOST PORT "" alice
  WeeChat    /server add tocdemo HOST/PORT -notls -nicks=alice
             /connect tocdemo

Then:

  the channel &buddies has your buddies in it
  /msg Polly hello            Polly answers
  /join #ROOM                a chat room with Polly in it
  help                        said in &buddies: what you can do with your list

To talk to yourself, log in as bob from a second terminal, and say in alice's
&buddies: add bob

Ready on HOST port PORT.
`)
}
