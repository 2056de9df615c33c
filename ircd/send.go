package ircd

import "time"

// Send queues m in the form this client asked for: the exit filter. Any goroutine; it never blocks. A client that does
// not read until its queue is full is dropped with ReasonSendQ.
func (c *Conn) Send(m *Message) {
	have := Cap(c.caps.Load())
	if !m.wanted(have) {
		return
	}
	c.stamp(m, have)
	if c.label.on.Load() && c.label.take(m) {
		return
	}
	c.put(m.line(c.srv.Name, have))
}

// stamp gives m what its first Send has to.
func (c *Conn) stamp(m *Message, have Cap) {
	if have&CapServerTime != 0 && m.Time.IsZero() {
		m.Time = time.Now()
	}
	if m.ref == "" && m.isBatchFor(have) {
		m.ref = c.srv.BatchRef()
	}
}

func (c *Conn) put(line []byte) {
	if !c.out.put(line) {
		c.drop(ReasonSendQ, "SendQ exceeded")
	}
}

// sendNow sends past the capture of labeled-response: for what does not answer the command being run.
func (c *Conn) sendNow(label string, m *Message) { c.sendAs(m, reply{label: label}) }

func (c *Conn) sendAs(m *Message, r reply) {
	have := Cap(c.caps.Load())
	if !m.wanted(have) {
		return
	}
	c.stamp(m, have)
	c.put(m.encode(make([]byte, 0, m.sizeHint()), c.srv.Name, have, r))
}

// Reply sends a numeric to the client: ":server NUM nick params…".
func (c *Conn) Reply(numeric string, params ...string) {
	all := make([]string, 0, len(params)+1)
	c.Send(NewMessage(nil, numeric, append(append(all, c.Nick()), params...)...))
}

// Notice sends a NOTICE from the server.
func (c *Conn) Notice(text string) { c.Send(NewMessage(nil, "NOTICE", c.Nick(), text)) }

// Fail sends the standard reply "FAIL command code context… :text" (ircv3.net/specs/extensions/standard-replies), or
// a NOTICE with the text to clients that do not know those. The last argument is the text.
func (c *Conn) Fail(command, code string, contextAndText ...string) {
	c.standard("FAIL", command, code, contextAndText)
}

// Warn is like Fail for what was done all the same.
func (c *Conn) Warn(command, code string, contextAndText ...string) {
	c.standard("WARN", command, code, contextAndText)
}

// Note is like Fail for what is no failure.
func (c *Conn) Note(command, code string, contextAndText ...string) {
	c.standard("NOTE", command, code, contextAndText)
}

// FailFor is Fail for the answer to a command that belongs to a capability whose specification answers with FAIL: who
// has the capability gets that whether it asked for standard-replies or not.
func (c *Conn) FailFor(capability Cap, command, code string, contextAndText ...string) {
	if c.Has(capability) {
		c.Send(NewMessage(nil, "FAIL", append([]string{command, code}, contextAndText...)...))
		return
	}
	c.standard("FAIL", command, code, contextAndText)
}

// Queued is how many bytes wait to be written to the client.
func (c *Conn) Queued() int {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.size
}

func (c *Conn) standard(kind, command, code string, rest []string) {
	if c.Has(CapStandardReplies) {
		c.Send(NewMessage(nil, kind, append([]string{command, code}, rest...)...))
		return
	}
	text := code
	if len(rest) > 0 {
		text = rest[len(rest)-1]
	}
	c.Notice(command + ": " + text)
}
