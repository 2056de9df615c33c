package toc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrMalformed is returned for a message or command that is known by its name
// but not made as it should be.
var ErrMalformed = errors.New("toc: malformed")

// ParseEvent reads a message of the server (ref 4). A name it does not know
// gives an Unknown. A malformed message gives an error, with an Unknown
// that holds the line.
func ParseEvent(line string) (Event, error) { return new(fields).event(line) }

// fields takes the fields of a message from left to right. The first error
// sticks. A Client keeps one, for the memory's sake.
type fields struct {
	rest  string
	more  bool // there is another field
	clean bool // the line needs no decoding
	pin   int  // length of the line, which a name kept would keep
	err   error
}

// event is ParseEvent.
func (f *fields) event(line string) (Event, error) {
	name, rest, more := strings.Cut(line, ":")
	parse := eventParsers[name]
	if parse == nil {
		return Unknown{Text: decodeBytes(line)}, nil
	}
	*f = fields{rest: rest, more: more, clean: isClean(line), pin: len(line)}
	e := parse(f)
	f.rest = ""
	if f.err != nil {
		return Unknown{Text: decodeBytes(line)}, fmt.Errorf("%s: %w", name, f.err)
	}
	return e, nil
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
}

func (f *fields) raw() (s string) {
	if !f.more {
		f.fail("too few fields")
		return ""
	}
	s, f.rest, f.more = strings.Cut(f.rest, ":")
	return s
}

func (f *fields) str() string { return f.decode(f.raw()) }

func (f *fields) decode(s string) string {
	if f.clean {
		return s
	}
	return decodeBytes(s)
}

// name is a field that is likely to be kept: it must not keep a long line.
func (f *fields) name() ScreenName {
	s := f.str()
	if f.pin > 256 {
		s = strings.Clone(s)
	}
	return ScreenName(s)
}

func (f *fields) class() Class { return knownClass(f.str()) }

func (f *fields) flag() bool { return f.raw() == "T" }

func (f *fields) int() int {
	s := f.str()
	n, err := strconv.Atoi(s)
	if err != nil {
		f.fail("%.20q is not a number", s)
	}
	return n
}

// tail is the rest of the line, colons and all.
func (f *fields) tail() string {
	if !f.more {
		f.fail("too few fields")
	}
	return f.decode(f.opt())
}

// opt is tail if there is one, undecoded.
func (f *fields) opt() (s string) {
	s, f.rest, f.more = f.rest, "", false
	return s
}

func (f *fields) text() string {
	if f.clean || !f.more {
		return f.tail()
	}
	return DecodeText(f.opt())
}

var eventParsers = map[string]func(*fields) Event{
	"SIGN_ON":    func(f *fields) Event { return SignedOn{Version: f.tail()} },
	"NICK":       func(f *fields) Event { return Nick{Name: ScreenName(f.tail())} },
	"CONFIG2":    func(f *fields) Event { return parseConfig(true, f.tail()) },
	"CONFIG":     func(f *fields) Event { return parseConfig(false, f.tail()) },
	"ERROR":      func(f *fields) Event { return ServerError{Code: f.int(), Arg: f.decode(f.opt())} },
	"IM_IN":      parseIM1,
	"IM_IN2":     parseIM2,
	"IM_IN_ENC2": parseIMEnc2,
	"UPDATE_BUDDY": func(f *fields) Event {
		e := parsePresence(f)
		e.V1, e.Class = true, knownClass(f.tail())
		return e
	},
	"UPDATE_BUDDY2": func(f *fields) Event {
		e := parsePresence(f)
		e.Class, e.ICQStatus = f.class(), f.decode(f.opt())
		return e
	},
	"BUDDY_CAPS2":      func(f *fields) Event { return BuddyCaps{Name: f.name(), Caps: parseCaps(f.decode(f.opt()))} },
	"CLIENT_EVENT2":    func(f *fields) Event { return Typing{From: f.name(), State: TypingState(f.int())} },
	"NEW_BUDDY_REPLY2": func(f *fields) Event { return NewBuddyReply{Name: f.name(), Status: f.tail()} },
	"INSERTED2":        parseInserted,
	"DELETED2":         parseDeleted,
	"UPDATED2":         parseUpdated,
	"CHAT_JOIN":        func(f *fields) Event { return ChatJoined{Room: f.int(), Name: f.tail()} },
	"CHAT_LEFT":        func(f *fields) Event { return ChatLeft{Room: f.int()} },
	"CHAT_UPDATE_BUDDY": func(f *fields) Event {
		e := ChatMembers{Room: f.int(), Here: f.flag()}
		for f.more {
			if n := f.name(); n != "" {
				e.Names = append(e.Names, n)
			}
		}
		return e
	},
	"CHAT_IN": func(f *fields) Event {
		return ChatIn{Room: f.int(), From: f.name(), Whisper: f.flag(), Text: f.text()}
	},
	"CHAT_IN_ENC": func(f *fields) Event {
		return ChatIn{Enc: true, Room: f.int(), From: f.name(), Whisper: f.flag(),
			Encoding: f.str(), Language: f.str(), Text: f.text()}
	},
	"CHAT_INVITE":         parseInvite,
	"EVILED":              func(f *fields) Event { return Evil{Level: f.int(), By: ScreenName(f.decode(f.opt()))} },
	"GOTO_URL":            func(f *fields) Event { return GotoURL{Window: f.str(), Path: f.tail()} },
	"DIR_STATUS":          func(f *fields) Event { return DirStatus{Code: f.tail()} },
	"ADMIN_NICK_STATUS":   func(f *fields) Event { return AdminNick{Code: f.tail()} },
	"ADMIN_PASSWD_STATUS": func(f *fields) Event { return AdminPassword{Code: f.tail()} },
	"RVOUS_PROPOSE":       parseRvous,
	"BART2":               func(f *fields) Event { return BART{Name: f.name(), Data: f.tail()} },
	"PAUSE":               func(f *fields) Event { return Pause{} },
}

func parseIM1(f *fields) Event {
	return IMIn{Form: IM1, From: f.name(), Auto: f.flag(), Text: f.text()}
}

func parseIM2(f *fields) Event {
	return IMIn{Form: IM2, From: f.name(), Auto: f.flag(), Whisper: f.flag(), Text: f.text()}
}

func parseIMEnc2(f *fields) Event {
	return IMIn{
		Form: IMEnc2, From: f.name(), Auto: f.flag(), Whisper: f.flag(), TOC2: f.flag(),
		Class: f.class(), Given: f.flag(), Encoding: f.str(), Language: f.str(), Text: f.text(),
	}
}

// maxEpoch bounds sign-on times to what a calendar can print.
const maxEpoch = 1 << 38

func parsePresence(f *fields) BuddyUpdate {
	e := BuddyUpdate{Name: f.name(), Online: f.flag(), Warning: f.int()}
	switch s := f.int(); {
	case s < 0 || s > maxEpoch:
		f.fail("sign-on time %d", s)
	case s > 0:
		e.SignOn = time.Unix(int64(s), 0)
	}
	e.Idle = f.int()
	return e
}

// parseCaps reads capabilities: UUIDs, or on AOL the four hex digits in which
// those of AIM differ.
func parseCaps(s string) (caps []string) {
	for c := range strings.SplitSeq(s, ",") {
		if c = strings.TrimSpace(c); c != "" {
			caps = append(caps, expandCap(c))
		}
	}
	return caps
}

func expandCap(c string) string {
	switch {
	case len(c) == 4 && isHex(c):
		return "0946" + strings.ToLower(c) + "-4c7f-11d1-8222-444553540000"
	case len(c) == 36 && isHex(strings.ReplaceAll(c, "-", "")):
		return strings.ToLower(c)
	}
	return c
}

func isHex(s string) bool {
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}

func (f *fields) listKind() ListKind {
	if s := f.raw(); len(s) == 1 {
		return ListKind(s[0])
	}
	return 0
}

func parseInserted(f *fields) Event {
	e := Inserted{Kind: f.listKind()}
	switch e.Kind {
	case ListGroup:
		e.Group = f.tail()
	case ListBuddy, ListICQ:
		e.Alias, e.Name, e.Group = f.str(), f.name(), f.tail()
	case ListDeny, ListPermit:
		e.Name = ScreenName(f.tail())
	default:
		f.fail("unknown kind")
	}
	return e
}

func parseDeleted(f *fields) Event {
	e := Deleted{Kind: f.listKind()}
	switch e.Kind {
	case ListGroup:
		e.Group = f.tail()
	case ListBuddy, ListICQ:
		e.Name, e.Group = f.name(), f.tail()
	case ListDeny, ListPermit:
		e.Name = ScreenName(f.tail())
	default:
		f.fail("unknown kind")
	}
	return e
}

func parseUpdated(f *fields) Event {
	e := Updated{Kind: f.listKind()}
	if e.Kind != ListBuddy && e.Kind != ListICQ {
		f.fail("unknown kind")
	}
	e.Name, e.Group, e.Alias = f.name(), f.str(), f.tail()
	return e
}

// parseInvite reads `name:id:from:text`. The name may hold colons: it goes up
// to the first field that is a number.
func parseInvite(f *fields) Event {
	e := ChatInvite{Name: f.str()}
	for f.more {
		s := f.str()
		if id, err := strconv.Atoi(s); err == nil {
			e.Room, e.From, e.Text = id, f.name(), f.text()
			return e
		}
		e.Name += ":" + s
	}
	f.fail("no room id")
	return e
}

func parseRvous(f *fields) Event {
	e := RvousPropose{
		From: f.name(), UUID: f.str(), Cookie: f.str(), Seq: f.int(),
		RendezvousIP: f.str(), ProposerIP: f.str(), VerifiedIP: f.str(), Port: f.int(),
	}
	for f.more && f.err == nil {
		e.TLVs = append(e.TLVs, RvousTLV{Tag: f.int(), Value: f.str()})
	}
	return e
}
