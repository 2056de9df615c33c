// Package bridge joins IRC clients to AIM accounts: it is the ircd.Backend, and speaks TOC2 through package toc.
//
// A Bridge keeps one session per account. Whatever happens to the account reaches it as an event in its inbox, and one
// goroutine at a time does what there is to do: the one that brings an event while nobody works for the session, until
// the inbox is empty (session.work, the session's turn). So all that belongs to the session has one owner at any time, and
// an idle session has no goroutine:
//
//	IRC client ── ircd reader ── command ─┐
//	TOC link ──── link reader ── batch ───┼── inbox ── turn ──┬── ircd.Conn.Send  ┐ held back until the end of the turn,
//	timers, sign-on attempts ─────────────┘                   ├── link outbox     ┘ when all of it is written at once
//	                                                          └── store: before either
//
// What the network does not take at once is left to a goroutine (ircd's writer, link.write), for as long as there is
// something.
//
// From the outside in:
//
//	bridge.go    Bridge, Options, the registry; Authenticate: single-flight sign-on
//	session.go   session, its beginning and end       client.go    attached IRC clients, who is sent what
//	run.go       its inbox, and its turns
//	signon.go    sign-on, back-off, restoring state   link.go      one signed-on TOC connection: reader, outbox
//	incoming.go  TOC events -> session                wait.go      answers that come later
//	comeback.go  the server was away and is back
//	commands.go  IRC commands -> session              query.go, whois.go, modes.go, usermodes.go, topic.go  questions about the picture we keep
//	im.go, ctcp.go, tagmsg.go  messages both ways      sendq.go     the paced queue before the link
//	away.go, idle.go, autoreply.go  away and idle      charset.go   who gets letters beyond ASCII in which form
//	upkeep.go    what an account that stays on for weeks has to say
//	roster.go    the buddy list, lists and presence as data   presence.go  changes of it as IRC lines
//	listedit.go  changes of the list that we make     listchange.go  those that are told; both as IRC lines
//	order.go     commands that AIM does not answer when it obeys   offline.go  PAUSE, leaving AIM and coming back
//	profile.go, dir.go, rvous.go, ownname.go, password.go  pages, files that are offered, the account itself
//	storm.go     many such changes at once, as netsplit and netjoin
//	rooms.go, joinroom.go  chat rooms as channels      invitation.go, whisper.go  what is said about rooms in private
//	roomcheck.go rooms that dropped us without a word   control.go   the pseudo-user *aim; control_….go  its commands, each
//	               file with its part of the table
//	settings.go  what a user has set and should outlive the session
//	secret.go    stored passwords; who is let in while AIM is away   start.go, gate.go  signing on after a restart, and when
//	set.go       what users set       outbox.go    messages for who is not there   pounce.go  notify   digest.go  what was missed
//	certs.go     client certificates (SASL EXTERNAL)      monitor.go   MONITOR
//	neighbours.go, neighbourhood.go, asides.go  what users of one bridge know of each other beyond what AIM carries
//
// The session never waits for a consumer: a client that does not read is dropped by package ircd, a link that does not
// take what we write holds up the client that sends (see session.relieve), not the account.
//
// What the package does not do: no HTML, nick or pacing rules (leaves richtext, nicks, pace), no IRC syntax (package
// ircd), no TOC syntax (package toc).
package bridge
