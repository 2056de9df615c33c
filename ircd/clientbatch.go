package ircd

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"time"

	irc "gopkg.in/irc.v4"
)

// clientBatchTime is how long a client may leave its batch open.
const clientBatchTime = 30 * time.Second

// clientBatches is the draft/multiline batch that a client is sending: ircv3.net/specs/extensions/client-batch and
// …/multiline. What it holds is bounded by MultilineBytes and MultilineLines.
type clientBatches struct {
	mu   sync.Mutex   // guards the following, and open's fields
	open *clientBatch // nil: none
	bad  bool         // the last one was refused: what still comes of it is dropped
	shut bool         // the connection has ended
}

type clientBatch struct {
	ref, target string
	opening     *irc.Message
	command     string // PRIVMSG or NOTICE; "" before the first line
	text        []byte
	joints      []string // where pieces of one line meet, as offsets into text
	lines       int
	timer       *time.Timer
}

// batchError is a FAIL BATCH: its code, context and text.
type batchError []string

func invalidBatch(text string) batchError { return batchError{"MULTILINE_INVALID", text} }

// collect takes what belongs to a batch of the client out of its commands. It returns the message to run: m itself,
// what the batch was when m closes it, or nil.
func (c *Conn) collect(m *irc.Message) *irc.Message {
	b := &c.batches
	if !c.Has(CapMultiline|CapBatch) && m != lostLine {
		return m
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	tag, tagged := m.Tags["batch"]
	switch {
	case m == lostLine:
		if b.open != nil {
			c.failBatch(m, invalidBatch("A line of the batch could not be taken"))
		}
		return nil
	case m.Command == "BATCH" && len(m.Params) > 0:
		return c.batchCommand(m, tagged)
	case b.open == nil && !tagged, isHousekeeping(m):
		return m
	case b.bad && tagged:
		return nil
	case b.open == nil:
		c.failBatch(m, invalidBatch("There is no such batch"))
		return nil
	case !tagged:
		c.failBatch(m, invalidBatch("A command that is not part of the batch ended it"))
		return m
	case tag != b.open.ref:
		c.failBatch(m, invalidBatch("A message of another batch ended it"))
		return nil
	}
	if err := b.open.add(m); err != nil {
		c.failBatch(m, err)
	}
	return nil
}

// lostLine goes the way of a command that could not be taken: a batch must not be sent without one of its lines. It is
// never changed.
var lostLine = &irc.Message{Prefix: &irc.Prefix{}, Command: "LOST"}

// lineLost tells that a line was refused before it became a command; by the reader.
func (c *Conn) lineLost() {
	if c.reg == nil && c.Has(CapMultiline|CapBatch) {
		c.hand(lostLine)
	}
}

// isBatchLine tells whether a line says it is part of a batch.
func isBatchLine(line []byte) bool {
	if len(line) == 0 || line[0] != '@' {
		return false
	}
	tags, _, _ := bytes.Cut(line[1:], []byte(" "))
	return bytes.HasPrefix(tags, []byte("batch=")) || bytes.Contains(tags, []byte(";batch="))
}

// isHousekeeping tells whether a client's program may send m at any time, without its user.
func isHousekeeping(m *irc.Message) bool {
	switch m.Command {
	case "PING", "PONG", "QUIT", "ERROR", endOfInput.Command:
		return true
	}
	return false
}

// batchCommand is BATCH +ref … and BATCH -ref.
func (c *Conn) batchCommand(m *irc.Message, nested bool) *irc.Message {
	b, ref := &c.batches, m.Params[0]
	switch {
	case nested && b.bad:
		return nil
	case nested:
		c.failBatch(m, invalidBatch("Batches cannot be nested"))
	case strings.HasPrefix(ref, "+"):
		c.openBatch(m, ref[1:])
	case b.bad && b.open == nil:
		b.bad = false
	case b.open == nil:
		c.failBatch(m, invalidBatch("There is no such batch"))
		b.bad = false // this was its end
	case ref != "-"+b.open.ref:
		c.failBatch(m, invalidBatch("The end of another batch ended it"))
	default:
		return c.closeBatch()
	}
	return nil
}

func (c *Conn) openBatch(m *irc.Message, ref string) {
	b := &c.batches
	switch kind := m.Param(1); {
	case b.open != nil:
		c.failBatch(m, invalidBatch("Another batch was opened before this one ended"))
	case !validRef(ref):
		c.failBatch(m, batchError{"INVALID_REFTAG", orDefault(ref, "*"), "Reference tags are letters, digits and hyphens"})
	case kind != multilineName:
		c.failBatch(m, batchError{"UNKNOWN_TYPE", ref, orDefault(kind, "*"), "Unknown type of batch"})
	case m.Param(2) == "":
		c.failBatch(m, invalidBatch("The batch has no target"))
	case b.shut:
	default:
		open := &clientBatch{ref: ref, target: m.Param(2), opening: m}
		open.timer = time.AfterFunc(clientBatchTime, func() { c.batchTimeout(open) })
		b.open, b.bad = open, false
	}
}

// validRef: ircv3.net/specs/extensions/batch.
func validRef(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isLetter(s[i]) && !isDigit(s[i]) && s[i] != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxLabel
}

// closeBatch makes one message of the batch.
func (c *Conn) closeBatch() *irc.Message {
	b := c.batches.open
	switch {
	case b.lines == 0:
		c.failBatch(b.opening, invalidBatch("The batch is empty"))
		c.batches.bad = false
		return nil
	case strings.Trim(string(b.text), "\n") == "":
		c.failBatch(b.opening, invalidBatch("All lines of the batch are blank"))
		c.batches.bad = false
		return nil
	}
	c.endBatch()
	m := &irc.Message{Tags: b.opening.Tags, Prefix: b.opening.Prefix, Command: b.command, Params: []string{b.target, string(b.text)}}
	delete(m.Tags, concatTag)
	if len(b.joints) > 0 {
		if m.Tags == nil {
			m.Tags = make(irc.Tags, 1)
		}
		m.Tags[concatTag] = strings.Join(b.joints, ",")
	}
	return m
}

// add adds a line, or says why not.
func (b *clientBatch) add(m *irc.Message) batchError {
	_, concat := m.Tags[concatTag]
	switch {
	case m.Command != "PRIVMSG" && m.Command != "NOTICE":
		return invalidBatch("Only PRIVMSG or NOTICE may be part of the batch")
	case b.command != "" && m.Command != b.command:
		return invalidBatch("PRIVMSG and NOTICE in one batch")
	case len(m.Params) < 2:
		return invalidBatch("A message of the batch has no text")
	case !EqualFold(m.Params[0], b.target):
		return batchError{"MULTILINE_INVALID_TARGET", b.target, orDefault(m.Params[0], "*"), "Invalid multiline target"}
	case concat && m.Params[1] == "":
		return invalidBatch("A blank line with " + concatTag)
	case b.lines >= MultilineLines:
		return batchError{"MULTILINE_MAX_LINES", strconv.Itoa(MultilineLines), "Multiline batch max-lines exceeded"}
	}
	b.join(m.Params[1], concat)
	b.command = m.Command
	b.lines++
	if len(b.text) > MultilineBytes {
		return batchError{"MULTILINE_MAX_BYTES", strconv.Itoa(MultilineBytes), "Multiline batch max-bytes exceeded"}
	}
	return nil
}

func (b *clientBatch) join(text string, concat bool) {
	switch {
	case b.lines == 0:
	case concat:
		b.joints = append(b.joints, strconv.Itoa(len(b.text)))
	default:
		b.text = append(b.text, '\n')
	}
	b.text = append(b.text, text...)
}

// failBatch refuses the batch that m belongs to, is the beginning of, or breaks. FAIL goes to clients with
// standard-replies and without: who sends a batch knows it. The label is that of the command that opened the batch.
func (c *Conn) failBatch(m *irc.Message, why batchError) {
	if open := c.batches.open; open != nil {
		m = open.opening
	}
	c.endBatch()
	c.batches.bad = true
	c.sendNow(c.labelOf(m), NewMessage(nil, "FAIL", append([]string{"BATCH"}, why...)...))
}

func (c *Conn) endBatch() {
	if b := c.batches.open; b != nil {
		b.timer.Stop()
		c.batches.open = nil
	}
}

// batchTimeout is the timer's: it drops a batch that the client has forgotten.
func (c *Conn) batchTimeout(b *clientBatch) {
	c.batches.mu.Lock()
	defer c.batches.mu.Unlock()
	if c.batches.open == b {
		c.failBatch(b.opening, batchError{"TIMEOUT", b.ref, "The batch was left open for too long"})
	}
}

// stopBatches is for the end of the connection: no timer is left behind.
func (c *Conn) stopBatches() {
	c.batches.mu.Lock()
	defer c.batches.mu.Unlock()
	c.batches.shut = true
	c.endBatch()
}
