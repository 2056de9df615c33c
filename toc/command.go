package toc

// A Command is what a client asks of the server. The set is closed: a name the
// package does not know parses as UnknownCommand.
type Command interface {
	Line() string             // the command as sent, without the closing NUL
	Append(dst []byte) []byte // Line, appended to dst
	command()
}

// InitDone (toc_init_done) makes the session visible.
type InitDone struct{}

// SendIM (toc2_send_im) sends AIM HTML.
type SendIM struct {
	To   ScreenName
	Text string
	Auto bool
}

// SendIMEnc (toc2_send_im_enc) is SendIM with encoding (A, L, U) and language.
type SendIMEnc struct {
	To                 ScreenName
	Encoding, Language string
	Text               string
	Auto               bool
}

// SendTyping (toc2_client_event) tells a correspondent what our keyboard does.
type SendTyping struct {
	To    ScreenName
	State TypingState
}

// GetStatus (toc_get_status) asks for a presence; costs as much as an IM.
type GetStatus struct{ Name ScreenName }

// SetAway (toc_set_away) sets the away message; empty means back.
type SetAway struct{ Text string }

// SetIdle (toc_set_idle) says how long the user has been idle; 0 means active.
type SetIdle struct{ Seconds int }

// SetInfo (toc_set_info) sets the session's profile.
type SetInfo struct{ Text string }

// GetInfo (toc_get_info) asks for a profile; answered by GotoURL.
type GetInfo struct{ Name ScreenName }

// SetCaps (toc_set_caps) announces capabilities, as UUIDs or short forms.
type SetCaps struct{ Caps []string }

// Warn (toc_evil) warns somebody who sent us an IM.
type Warn struct {
	Name ScreenName
	Anon bool
}

// FormatNick (toc_format_nickname) changes case and spacing of our name.
type FormatNick struct{ Name ScreenName }

// ChangePassword (toc_change_passwd). Line holds both in plain text.
type ChangePassword struct{ Old, New string }

// NewGroup (toc2_new_group) adds a group.
type NewGroup struct{ Group string }

// DelGroup (toc2_del_group) removes a group and its buddies.
type DelGroup struct{ Group string }

// NewBuddies (toc2_new_buddies) adds or changes entries of the stored list.
// A group without buddies is not stored by the live server.
type NewBuddies struct{ Groups []Group }

// RemoveBuddies (toc2_remove_buddy) removes entries of one group.
type RemoveBuddies struct {
	Names []ScreenName
	Group string
}

// SetPDMode (toc2_set_pdmode) sets the privacy mode.
type SetPDMode struct{ Mode PDMode }

// AddPermit (toc2_add_permit) adds to the permit list.
type AddPermit struct{ Names []ScreenName }

// RemovePermit (toc2_remove_permit) removes from the permit list.
type RemovePermit struct{ Names []ScreenName }

// AddDeny (toc2_add_deny) adds to the deny list.
type AddDeny struct{ Names []ScreenName }

// RemoveDeny (toc2_remove_deny) removes from the deny list.
type RemoveDeny struct{ Names []ScreenName }

// AddBuddies (toc_add_buddy) watches names for this session only.
type AddBuddies struct{ Names []ScreenName }

// RemoveBuddiesV1 (toc_remove_buddy) undoes AddBuddies.
type RemoveBuddiesV1 struct{ Names []ScreenName }

// AddPermitV1 (toc_add_permit) is without effect on the live server.
type AddPermitV1 struct{ Names []ScreenName }

// AddDenyV1 (toc_add_deny) is without effect on the live server.
type AddDenyV1 struct{ Names []ScreenName }

// SetConfig (toc_set_config) stores a TOC1 list as text.
type SetConfig struct{ Text string }

// ChatJoin (toc_chat_join) joins a room; exchange 4 creates it.
type ChatJoin struct {
	Exchange int
	Name     string
}

// ChatAccept (toc_chat_accept) accepts an invitation.
type ChatAccept struct{ Room int }

// ChatSend (toc_chat_send) says AIM HTML in a room.
type ChatSend struct {
	Room int
	Text string
}

// ChatWhisper (toc_chat_whisper) says it to one member.
type ChatWhisper struct {
	Room int
	To   ScreenName
	Text string
}

// ChatInviteTo (toc_chat_invite) invites; each name costs as much as an IM.
type ChatInviteTo struct {
	Room  int
	Text  string
	Names []ScreenName
}

// ChatLeave (toc_chat_leave) leaves a room.
type ChatLeave struct{ Room int }

// SetDir (toc_set_dir): fields first:middle:last:maiden:city:state:country:email:web.
type SetDir struct{ Fields string }

// GetDir (toc_get_dir) asks for a directory entry; answered by GotoURL.
type GetDir struct{ Name ScreenName }

// DirSearch (toc_dir_search), fields as SetDir; answered by GotoURL.
type DirSearch struct{ Fields string }

// RvousAccept (toc_rvous_accept); Cookie is base64 as in RvousPropose.
type RvousAccept struct {
	Name         ScreenName
	Cookie, UUID string
}

// RvousCancel (toc_rvous_cancel).
type RvousCancel struct {
	Name         ScreenName
	Cookie, UUID string
}

// LoginForm selects the sign-on command, and with it how messages arrive.
type LoginForm int

// The sign-on commands.
const (
	Login2  LoginForm = iota // toc2_login: IM_IN_ENC2, CHAT_IN_ENC
	SignOn2                  // toc2_signon: IM_IN2, CHAT_IN
	SignOn1                  // toc_signon: IM_IN, CHAT_IN; throws out all other sessions
)

// SignOnCommand is one of the three sign-on commands with its arguments as
// sent; see NewSignOn. Line holds the password, roasted, which hides nothing.
type SignOnCommand struct {
	Form              LoginForm
	Host, Port        string // of the authorizer; ignored by the live server
	Name              ScreenName
	Roasted           string // see Password
	Language, Version string
	Extra             []string // what follows the version, last the code
}

// UnknownCommand keeps a command as it came.
type UnknownCommand struct{ Text string }
