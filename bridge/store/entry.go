package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Entry is one line of the history of one account.
type Entry struct {
	ID      string    // sorts as time does; the same message has the same ID in every account that sees it
	Time    time.Time // when it was said; kept to the millisecond, read back in UTC
	Target  string    // the conversation: the peer's key or the folded name of a channel; opaque here
	Out     bool      // said by the account itself
	From    string    // the sender as it was written then
	Command string    // PRIVMSG NOTICE TAGMSG JOIN PART QUIT TOPIC NICK INVITE …
	Text    string    // with IRC formatting codes; lines apart by \n; CTCP as on IRC
	Tags    string    // client-only tags as on the wire; mostly empty
}

// An op is one thing to be done to the database. Ops exist in one form only, as
// records: the queue, the journal file and the writer all handle the same bytes.
//
//	record  = length of payload (4, little endian) · CRC-32C of payload (4) · payload
//	payload = kind (1) · account key · fields
//	entry   = target, id · time in ms (zigzag varint) · out (1) · from, command, text, tags
//	put     = kind, name, value
//	delete  = kind, name
//	wipe    = nothing
//
// A text is its length (uvarint) and its bytes.
type op struct {
	what  byte
	key   string // of the account
	entry Entry
	kind  string
	name  string
	value string
}

const (
	opEntry  byte = 1
	opPut    byte = 2
	opDelete byte = 3
	opWipe   byte = 4
)

const (
	recordHead = 8
	// maxRecord bounds a record: what claims to be longer is damage.
	maxRecord = 64 << 20
)

// errTorn is a record that is not whole or not what was written.
var errTorn = errors.New("torn record")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendOp appends o as a record.
func appendOp(dst []byte, o *op) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0, o.what)
	dst = appendText(dst, o.key)
	switch o.what {
	case opEntry:
		dst = appendEntry(dst, &o.entry)
	case opPut:
		dst = appendText(appendText(appendText(dst, o.kind), o.name), o.value)
	case opDelete:
		dst = appendText(appendText(dst, o.kind), o.name)
	}
	payload := dst[start+recordHead:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(payload, castagnoli))
	return dst
}

func appendEntry(dst []byte, e *Entry) []byte {
	dst = appendText(appendText(dst, e.Target), e.ID)
	dst = binary.AppendVarint(dst, e.Time.UnixMilli())
	out := byte(0)
	if e.Out {
		out = 1
	}
	dst = append(dst, out)
	return appendText(appendText(appendText(appendText(dst, e.From), e.Command), e.Text), e.Tags)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// sizeOf is an upper bound of the length of o's record.
func sizeOf(o *op) int {
	const lengths = 10 * binary.MaxVarintLen32
	e := &o.entry
	return recordHead + 2 + lengths + binary.MaxVarintLen64 + len(o.key) + len(o.kind) + len(o.name) + len(o.value) +
		len(e.Target) + len(e.ID) + len(e.From) + len(e.Command) + len(e.Text) + len(e.Tags)
}

// nextOp takes the first record off b. An error is errTorn; b is at its end when
// it is empty.
func nextOp(b []byte) (o op, rest []byte, err error) {
	if len(b) < recordHead {
		return op{}, nil, fmt.Errorf("%w: %d bytes of its head", errTorn, len(b))
	}
	n := int64(binary.LittleEndian.Uint32(b))
	sum := binary.LittleEndian.Uint32(b[4:])
	b = b[recordHead:]
	// An empty payload has the sum 0: a tail of zeros is not a record.
	if n == 0 || n > maxRecord || n > int64(len(b)) {
		return op{}, nil, fmt.Errorf("%w: %d bytes of %d", errTorn, len(b), n)
	}
	payload, rest := b[:n], b[n:]
	if crc32.Checksum(payload, castagnoli) != sum {
		return op{}, nil, fmt.Errorf("%w: wrong checksum", errTorn)
	}
	o, err = decodeOp(payload)
	return o, rest, err
}

// decodeOp reads a payload, all of it.
func decodeOp(payload []byte) (op, error) {
	r := reader{rest: string(payload[1:])} // one copy; the texts are parts of it
	o := op{what: payload[0], key: r.text()}
	switch o.what {
	case opEntry:
		o.entry = r.entry()
	case opPut:
		o.kind, o.name, o.value = r.text(), r.text(), r.text()
	case opDelete:
		o.kind, o.name = r.text(), r.text()
	case opWipe:
	default:
		return op{}, fmt.Errorf("%w: of an unknown kind %d", errTorn, o.what)
	}
	if r.bad || r.rest != "" {
		return op{}, fmt.Errorf("%w: its fields do not fill it", errTorn)
	}
	return o, nil
}

// A reader takes fields off a payload; bad is sticky.
type reader struct {
	rest string
	bad  bool
}

func (r *reader) entry() Entry {
	e := Entry{Target: r.text(), ID: r.text()}
	e.Time = time.UnixMilli(r.varint()).UTC()
	e.Out = r.byte() == 1
	e.From, e.Command, e.Text, e.Tags = r.text(), r.text(), r.text(), r.text()
	return e
}

func (r *reader) text() string {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *reader) byte() byte {
	if r.bad || r.rest == "" {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) uvarint() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		if r.bad {
			return 0
		}
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}
