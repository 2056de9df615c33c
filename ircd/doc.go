// Package ircd is an IRC server that knows nothing of what its users talk to: behind it stands a Backend, which turns
// credentials into Sessions, and a Session is what happens to one account's clients. It speaks modern.ircdocs.horse,
// RFC 1459 and 2812 where that is silent, and IRCv3. From the wire up:
//
//	line.go      lines out of a stream, within bounds       parse.go     a line into an irc.Message, guarded
//	queue.go     what waits to be written, within bounds    encode.go    a Message into a line, cleaned
//	message.go   Message: an outgoing message in its fullest form, and who gets it
//	send.go      Conn.Send, the exit filter: everything that leaves goes through it
//	label.go     labeled-response                           dispatch.go  one command's turn, Defer
//	cap.go       the table of capabilities                  commands.go  the table of ircd's own commands
//	register.go, sasl.go   from the first line to 001       info.go      the welcome burst, MOTD, LUSERS …
//	multiline.go, clientbatch.go   draft/multiline, out     monitor.go   MONITOR and extended-monitor: Watcher
//	             and in: one message either way             preaway.go   AWAY before 001
//	help.go      HELP, from both tables of commands
//	list.go      NAMES, WHO, WHOIS, LIST for the backend    names.go     nicks, channels, case mapping, text budget
//	reader.go    a connection's life                        close.go     and its end, by named reasons
//	server.go    listeners, counts, shutdown                limits.go    what a client may cost
//	way.go       what comes before the first line           listen.go    addresses, unix sockets
//	tls.go, websocket.go, wsupgrade.go, proxyproto.go       the layers that way.go puts together
//
// # Who runs what
//
// A connection has one goroutine, its reader. The writer is a second that exists only while something waits to be
// written; it takes all that waits and writes once. The reader owns input and registration; it hands every message of
// a registered client to Session.Handle, which may block and so slows that client down. The session calls
// Conn.Dispatch on a goroutine of its own for each, in order: there ircd's commands are answered (so that a PONG
// overtakes nothing) and the others handed to the session's function. What that returns is sent: a *Reply is an answer,
// not a failure. While Backend.Authenticate thinks, a helper watches the socket, so that a client that hangs up ends
// the wait.
//
//	reader: line → guard → parse → fakelag → Session.Handle ──→ session's goroutine: Dispatch → handler
//	writer: ← queue (bytes, bounded) ← encode once per capability set ← exit filter ← Send, any goroutine
//
// # Ways in
//
// A listener has a Way: nothing, or a PROXY header, TLS and WebSocket, in this order from the wire inwards. Each is a
// layer, a net.Conn around the next, so that only enter knows of them: it does their handshakes in the reader, within
// the time to register and counted like any connection. A PROXY header leaves no layer behind. A WebSocket costs a
// goroutine more, its pump: the library cannot be interrupted in a read, which is how our timeouts work.
//
// # The exit filter
//
// The session sends every message in its fullest form: tags, account, AWAY, CHGHOST, extended JOIN. Conn.Send makes of
// it what the client asked for, or nothing. No other place asks for capabilities, except where the answer itself
// differs (SendNames, SendWho, Fail). The same place keeps hostile text from ending a line or shifting a parameter,
// keeps the line valid UTF-8 and within 512 bytes, and holds answers back while a labelled command runs.
//
// # Bounds
//
// Nothing that a client does costs more than Limits says: a line is read into at most 5 KiB, output waits in at most
// SendQ bytes and then the client is dropped, not its messages (history fills the gap when it returns), commands beyond
// the rate are read later. Nobody waits for a client that does not read. A panic costs the connection that caused it.
//
// # What a client sees of its end
//
// ERROR, always, unless it cannot read it. What it sent before it closed is still run, and Session.Detach has returned
// before the client can see the connection end, so that its nick is free when it returns.
package ircd
