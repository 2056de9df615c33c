package ircd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	irc "gopkg.in/irc.v4"
)

// serve is the reader goroutine: the connection from accept to close. What it keeps on its stack while it waits for
// input decides what an idle connection costs, so the work is done in functions of its own.
func (c *Conn) serve() {
	defer c.srv.wg.Done()
	if c.enter() {
		c.read()
	}
	c.ended()
}

// read takes lines until the connection closes, for whatever reason.
func (c *Conn) read() {
	defer c.recovered("read")
	for !c.closing() {
		line, err := c.next()
		if !c.step(line, err) {
			return
		}
	}
}

// step handles one line, or one error; false: there will be no more.
func (c *Conn) step(line []byte, err error) bool {
	first := !c.greeted
	c.greeted = true
	switch {
	case first && isHTTP(line):
		c.drop(ReasonProtocol, "HTTP request")
		return false
	case errors.Is(err, errLineTooLong):
		c.slowDown(line)
		c.sendNow("", NewMessage(nil, ERR_INPUTTOOLONG, c.Nick(), "Input line was too long"))
		c.lineLost()
		if c.reg != nil && isPass(line) { // not a login without a password instead
			_ = c.refused(errLongPass)
			return false
		}
	case err != nil:
		c.readFailed(err)
		return false
	default:
		c.slowDown(line)
		c.receive(line)
	}
	return true
}

var errLongPass = Numeric(irc.ERR_PASSWDMISMATCH, "Your password does not fit a line of IRC: use SASL PLAIN")

// isPass reports whether a line, or the beginning of one, is a PASS.
func isPass(line []byte) bool {
	return len(line) >= 5 && strings.EqualFold(string(line[:5]), "PASS ")
}

func (c *Conn) ended() {
	c.Close(ReasonPanic, "Internal error") // only if nothing else closed it
	c.stopBatches()
	c.leave()
	c.hangUp()
	c.srv.Log.Info("closed", "nick", c.Nick(), "remote", c.addr, "reason", string(c.CloseReason()))
}

// next waits for a line. Timeouts that only mean a PING is due are dealt with here.
func (c *Conn) next() ([]byte, error) {
	for {
		line, ok, err := c.in.line()
		if ok || err != nil {
			return line, err
		}
		c.flush()
		c.arm()
		err = c.in.fill()
		switch {
		case err == nil:
			c.heard()
			if !c.greeted && !c.secure && c.in.isTLS() {
				return nil, errTLS
			}
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, err
		default:
			if err := c.quiet(); err != nil {
				return nil, err
			}
		}
	}
}

var (
	errTLS          = errors.New("TLS on a plain-text port")
	errRegisterTime = errors.New("registration timed out")
	errPingTime     = errors.New("ping timeout")
)

// arm sets the read deadline. While anything is heard within a second of the last time, the old one will do.
func (c *Conn) arm() {
	if c.reg != nil {
		c.setReadDeadline(c.reg.deadline)
		return
	}
	now := time.Now()
	if now.Sub(c.armed) < time.Second {
		return
	}
	l := &c.srv.Limits
	wait := l.Ping
	if c.pinged {
		wait = l.Pong
	}
	if wait <= 0 {
		c.setReadDeadline(time.Time{})
	} else {
		c.setReadDeadline(now.Add(wait))
	}
	c.armed = now
}

func (c *Conn) heard() {
	if c.pinged {
		c.pinged, c.armed = false, time.Time{}
	}
}

// quiet is called when the deadline has passed. An error ends the connection.
func (c *Conn) quiet() error {
	c.armed = time.Time{}
	switch {
	case c.closing():
		return io.EOF
	case c.reg != nil:
		return errRegisterTime
	case c.pinged:
		return errPingTime
	}
	c.pinged = true
	c.sendNow("", NewMessage(nil, "PING", c.srv.Name))
	return nil
}

func (c *Conn) readFailed(err error) {
	l := &c.srv.Limits
	switch {
	case c.closing():
	case errors.Is(err, errRecvQ):
		c.Close(ReasonRecvQ, "RecvQ exceeded: a line without end")
	case errors.Is(err, errRegisterTime):
		c.Close(ReasonRegister, fmt.Sprintf("Registration timeout: %d seconds", int(l.Register.Seconds())))
	case errors.Is(err, errPingTime):
		c.Close(ReasonPing, fmt.Sprintf("Ping timeout: %d seconds", int((l.Ping+l.Pong).Seconds())))
	case errors.Is(err, errTLS):
		c.drop(ReasonProtocol, err.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, syscall.ECONNRESET): // it had not read all we sent
		c.lastWords()
		c.Close(ReasonEOF, "Connection closed")
	default:
		c.lastWords()
		c.Close(ReasonError, "Read error")
	}
}

// lastWords waits until the session has run what the client sent before it went.
func (c *Conn) lastWords() {
	if c.reg != nil || c.turn.done.Load() >= c.turn.handed {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, lingerTime)
	defer cancel()
	if c.turn.enter(ctx) {
		c.session.Handle(c, endOfInput)
		c.owed = true
		c.flush()
		<-ctx.Done()
	}
}

// isHTTP recognises the request line of a browser that was made to talk to us; of an over-long one only the beginning
// is there.
func isHTTP(line []byte) bool {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(method) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI":
		return true
	}
	return bytes.Contains(rest, []byte(" HTTP/"))
}

// isTLS recognises the start of a handshake record.
func (l *lineReader) isTLS() bool {
	b := l.buf()[l.start:l.end]
	return len(b) > 1 && b[0] == 0x16 && b[1] == 0x03
}

// receive handles one line.
func (c *Conn) receive(line []byte) {
	m, err := parse(line)
	switch {
	case err == nil:
		c.accept(m)
		return
	case errors.Is(err, errEmpty):
		return
	case errors.Is(err, errUTF8):
		c.refuseUTF8(m)
	case errors.Is(err, errCommand):
		c.sendNow("", NewMessage(nil, irc.ERR_UNKNOWNCOMMAND, c.Nick(), "*", "Unknown command"))
	default:
		c.sendNow("", NewMessage(nil, ERR_UNKNOWNERROR, c.Nick(), "*", "Line refused: "+err.Error()))
	}
	c.lineLost()
}

func (c *Conn) accept(m *irc.Message) {
	if len(m.Tags) > 0 && !c.Has(CapMessageTags) {
		for k := range m.Tags {
			if k[0] == '+' {
				delete(m.Tags, k)
			}
		}
	}
	if isActivity(m.Command) {
		c.active.Store(time.Now().UnixNano())
	}
	if r := c.reg; r != nil {
		c.run(m, nil)
		if c.reg == nil && !c.closing() {
			c.replayAway(r.away)
		}
		return
	}
	c.hand(m)
}

// hand gives a message to the session, when that takes more.
func (c *Conn) hand(m *irc.Message) {
	if c.turn.crowded() {
		c.flush() // what was put off may be what makes room
	}
	if c.turn.enter(c.ctx) {
		c.turn.handed++
		c.owed = true
		c.session.Handle(c, m)
	}
}

// flush lets the session do what it has put off, before the reader waits.
func (c *Conn) flush() {
	if !c.owed {
		return
	}
	c.owed = false
	if f, ok := c.session.(Flusher); ok {
		f.Flush()
	}
}

// isActivity tells whether a person, not a client program, is behind a command.
func isActivity(command string) bool {
	switch command {
	case "PRIVMSG", "NOTICE", "TAGMSG", "JOIN", "PART", "NICK", "AWAY", "TOPIC", "INVITE", "KICK":
		return true
	}
	return false
}

// refuseUTF8 answers what UTF8ONLY forbids. FAIL goes to every client: ircv3.net/specs/extensions/utf8-only defines
// the code for whoever breaks the rule, and a client that sends Latin-1 has not asked for anything.
func (c *Conn) refuseUTF8(m *irc.Message) {
	fail := NewMessage(nil, "FAIL", m.Command, "INVALID_UTF8", "Message rejected, this server takes UTF-8 only")
	c.sendNow(c.labelOf(m), fail)
}
