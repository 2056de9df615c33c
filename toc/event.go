package toc

import "time"

// An Event is a message of the server. The set is closed: what the package
// does not know arrives as Unknown. All text fields hold valid UTF-8 without
// NUL (see DecodeText), but nothing else about them can be trusted.
type Event interface {
	Line() string             // the message as the server sends it
	Append(dst []byte) []byte // Line, appended to dst
	event()
}

// SignedOn (SIGN_ON) says that the sign-on was accepted.
type SignedOn struct{ Version string } // "TOC2.0" or "TOC1.0"

// Nick (NICK) gives one's own name as its owner formatted it.
type Nick struct{ Name ScreenName }

// PDMode says who may see and reach the user; 0 means it was never set.
type PDMode int

// The privacy modes of toc2_set_pdmode and of CONFIG's m: line.
const (
	PermitAll     PDMode = 1
	DenyAll       PDMode = 2
	PermitSome    PDMode = 3 // only the permit list
	DenySome      PDMode = 4 // all but the deny list
	PermitBuddies PDMode = 5
)

// Config (CONFIG2 with V2, else CONFIG) is the stored buddy list.
type Config struct {
	V2           bool
	Mode         PDMode // 0: never set
	Permit, Deny []ScreenName
	Groups       []Group
}

// Group is a named part of the buddy list. The empty name holds buddies that
// the server listed before any group.
type Group struct {
	Name    string
	Buddies []Buddy
}

// Buddy is one entry of a group. Alias and Note may be empty.
type Buddy struct {
	Name        ScreenName
	Alias, Note string
}

// IMForm says which of the three message forms carried an IM; it follows from
// the sign-on command.
type IMForm int

// The forms of IMIn.
const (
	IMEnc2 IMForm = iota // IM_IN_ENC2 (toc2_login)
	IM2                  // IM_IN2 (toc2_signon)
	IM1                  // IM_IN (toc_signon)
)

// IMIn is an instant message. Class, Encoding, Language, TOC2 and Given only
// exist in the IMEnc2 form, Whisper in IMEnc2 and IM2.
type IMIn struct {
	Form     IMForm
	From     ScreenName
	Auto     bool // an automatic response
	Whisper  bool // third field, never set by known servers
	TOC2     bool // the sender is on TOC2 or OSCAR
	Given    bool // the flag the sender gave to toc2_send_im_enc
	Class    Class
	Encoding string // A, L or U; the live server always says L, whatever the bytes are
	Language string
	Text     string // AIM HTML
}

// BuddyUpdate (UPDATE_BUDDY2, with V1 UPDATE_BUDDY) is a buddy's presence.
type BuddyUpdate struct {
	V1        bool
	Name      ScreenName // formatted when online, normalised when not
	Online    bool
	Warning   int       // percent
	SignOn    time.Time // zero when not given
	Idle      int       // minutes, at the time of sending
	Class     Class
	ICQStatus string // not in V1
}

// BuddyCaps (BUDDY_CAPS2) lists capabilities as full lower-case UUIDs.
type BuddyCaps struct {
	Name ScreenName
	Caps []string
}

// TypingState is what a correspondent's keyboard does.
type TypingState int

// The typing states of CLIENT_EVENT2 and toc2_client_event.
const (
	TypingNone   TypingState = 0
	TypingPaused TypingState = 1 // text entered
	TypingActive TypingState = 2
)

// Typing (CLIENT_EVENT2) is a typing notification.
type Typing struct {
	From  ScreenName
	State TypingState
}

// NewBuddyReply (NEW_BUDDY_REPLY2) answers each new entry of NewBuddies.
// Status is "added", on AOL also "auth".
type NewBuddyReply struct {
	Name   ScreenName
	Status string
}

// ListKind tells what changed in the stored list.
type ListKind byte

// The kinds of Inserted, Deleted and Updated.
const (
	ListGroup  ListKind = 'g'
	ListBuddy  ListKind = 'b'
	ListDeny   ListKind = 'd'
	ListPermit ListKind = 'p'
	ListICQ    ListKind = 'a' // an ICQ buddy, on AOL
)

// Inserted (INSERTED2) tells of an addition by another session. Kind g fills
// only Group, d and p only Name.
type Inserted struct {
	Kind         ListKind
	Name         ScreenName
	Group, Alias string
}

// Deleted (DELETED2) tells of a removal by another session.
type Deleted struct {
	Kind  ListKind
	Name  ScreenName
	Group string
}

// Updated (UPDATED2, AOL only) tells of a change by another session.
type Updated struct {
	Kind         ListKind
	Name         ScreenName
	Group, Alias string
}

// ChatJoined (CHAT_JOIN) says that we are in the room. Ids start at 0.
type ChatJoined struct {
	Room int
	Name string
}

// ChatLeft (CHAT_LEFT) says that we left the room.
type ChatLeft struct{ Room int }

// ChatMembers (CHAT_UPDATE_BUDDY) tells who came (Here) or went.
type ChatMembers struct {
	Room  int
	Here  bool
	Names []ScreenName
}

// ChatIn (CHAT_IN_ENC with Enc, else CHAT_IN) is text said in a room.
// Encoding and Language only exist with Enc.
type ChatIn struct {
	Enc                bool
	Room               int
	From               ScreenName
	Whisper            bool
	Encoding, Language string
	Text               string
}

// ChatInvite (CHAT_INVITE) invites us to a room. The live server cuts Name at
// its first hyphen; ChatJoined has it whole.
type ChatInvite struct {
	Name string
	Room int
	From ScreenName
	Text string
}

// Evil (EVILED) is our new warning level in percent; By is empty when the
// warner is anonymous.
type Evil struct {
	Level int
	By    ScreenName
}

// GotoURL (GOTO_URL) points at a page; Path is relative, as sent.
// See Client.Get.
type GotoURL struct{ Window, Path string }

// DirStatus (DIR_STATUS) answers SetDir on AOL; "0" is success.
type DirStatus struct{ Code string }

// AdminNick (ADMIN_NICK_STATUS) answers FormatNick; "0" is success.
type AdminNick struct{ Code string }

// AdminPassword (ADMIN_PASSWD_STATUS) answers ChangePassword; "0" is success.
type AdminPassword struct{ Code string }

// RvousPropose (RVOUS_PROPOSE) proposes a rendezvous, in practice a file.
type RvousPropose struct {
	From         ScreenName
	UUID, Cookie string // Cookie and TLV values stay base64
	Seq          int
	RendezvousIP string
	ProposerIP   string
	VerifiedIP   string
	Port         int
	TLVs         []RvousTLV
}

// RvousTLV is one tagged value of a RvousPropose.
type RvousTLV struct {
	Tag   int
	Value string
}

// BART (BART2) describes a buddy's icon; Data is base64.
type BART struct {
	Name ScreenName
	Data string
}

// Pause (PAUSE) asks us to send nothing until the next SignedOn.
type Pause struct{}

// Unknown is a message this package does not know, or could not make sense of.
type Unknown struct{ Text string }
