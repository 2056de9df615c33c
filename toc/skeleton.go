package toc

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

type ScreenName string

func (n ScreenName) Key() string             { return string(n) }
func (n ScreenName) Equal(o ScreenName) bool { return n == o }

type Class string

func (c Class) Away() bool        { return false }
func (c Class) AOL() bool         { return false }
func (c Class) Admin() bool       { return false }
func (c Class) Mobile() bool      { return false }
func (c Class) Unconfirmed() bool { return false }
func (c Class) ICQ() bool         { return false }

type ServerError struct {
	Code int
	Arg  string
}

func (e ServerError) Error() string { return "" }
func (e ServerError) Fatal() bool   { return e.Code >= 980 && e.Code <= 989 }

func ParseEvent(line string) (Event, error)     { return Unknown{line}, nil }
func ParseCommand(line string) (Command, error) { return UnknownCommand{line}, nil }
func DecodeText(s string) string                { return s }

const MaxCommand = 2048

var (
	ErrTooLong     = errors.New("toc: command over 2048 bytes")
	ErrProfileBusy = errors.New("")
	ErrNoProfile   = errors.New("")
)

func QuotedLen(text string) int                  { return len(text) }
func IMRoom(to ScreenName, auto bool) int        { return 1000 }
func ChatRoom(id int) int                        { return 1000 }
func AwayRoom() int                              { return 1000 }
func InfoRoom() int                              { return 1000 }
func InviteRoom(id int, names ...ScreenName) int { return 1000 }

type FrameType byte

const (
	FrameSignOn    FrameType = 1
	FrameData      FrameType = 2
	FrameError     FrameType = 3
	FrameSignOff   FrameType = 4
	FrameKeepAlive FrameType = 5
)

type Frame struct {
	Type    FrameType
	Seq     uint16
	Payload []byte
}

func ReadFrame(r io.Reader) (Frame, error) { return Frame{}, io.EOF }
func (f Frame) Append(dst []byte) []byte   { return dst }

func Roast(password string) string                 { return "" }
func Unroast(s string) (string, error)             { return "", nil }
func SignOnCode(n ScreenName, password string) int { return 0 }
func NewSignOn(form LoginForm, name ScreenName, password, version string) SignOnCommand {
	return SignOnCommand{}
}
func (c SignOnCommand) Password() (string, error) { return Unroast(c.Roasted) }

type Login struct {
	Name         ScreenName
	Password     string
	Form         LoginForm
	Version      string
	Dial         func(ctx context.Context, network, addr string) (net.Conn, error)
	WriteTimeout time.Duration
}

type Client struct{}

func SignOn(ctx context.Context, addr string, l Login) (*Client, error)       { return nil, io.EOF }
func (c *Client) Recv() (Event, error)                                        { return nil, io.EOF }
func (c *Client) RecvBatch(dst []Event) ([]Event, error)                      { return dst, io.EOF }
func (c *Client) Send(cmds ...Command) error                                  { return nil }
func (c *Client) KeepAlive() error                                            { return nil }
func (c *Client) SignOff() error                                              { return nil }
func (c *Client) Close() error                                                { return nil }
func (c *Client) RemoteAddr() string                                          { return "" }
func (c *Client) Get(ctx context.Context, u GotoURL) (html string, err error) { return "", nil }

func (SignedOn) event()                   {}
func (SignedOn) Line() string             { return "" }
func (SignedOn) Append(dst []byte) []byte { return dst }

func (Nick) event()                   {}
func (Nick) Line() string             { return "" }
func (Nick) Append(dst []byte) []byte { return dst }

func (Config) event()                   {}
func (Config) Line() string             { return "" }
func (Config) Append(dst []byte) []byte { return dst }

func (IMIn) event()                   {}
func (IMIn) Line() string             { return "" }
func (IMIn) Append(dst []byte) []byte { return dst }

func (BuddyUpdate) event()                   {}
func (BuddyUpdate) Line() string             { return "" }
func (BuddyUpdate) Append(dst []byte) []byte { return dst }

func (BuddyCaps) event()                   {}
func (BuddyCaps) Line() string             { return "" }
func (BuddyCaps) Append(dst []byte) []byte { return dst }

func (Typing) event()                   {}
func (Typing) Line() string             { return "" }
func (Typing) Append(dst []byte) []byte { return dst }

func (NewBuddyReply) event()                   {}
func (NewBuddyReply) Line() string             { return "" }
func (NewBuddyReply) Append(dst []byte) []byte { return dst }

func (Inserted) event()                   {}
func (Inserted) Line() string             { return "" }
func (Inserted) Append(dst []byte) []byte { return dst }

func (Deleted) event()                   {}
func (Deleted) Line() string             { return "" }
func (Deleted) Append(dst []byte) []byte { return dst }

func (Updated) event()                   {}
func (Updated) Line() string             { return "" }
func (Updated) Append(dst []byte) []byte { return dst }

func (ChatJoined) event()                   {}
func (ChatJoined) Line() string             { return "" }
func (ChatJoined) Append(dst []byte) []byte { return dst }

func (ChatLeft) event()                   {}
func (ChatLeft) Line() string             { return "" }
func (ChatLeft) Append(dst []byte) []byte { return dst }

func (ChatMembers) event()                   {}
func (ChatMembers) Line() string             { return "" }
func (ChatMembers) Append(dst []byte) []byte { return dst }

func (ChatIn) event()                   {}
func (ChatIn) Line() string             { return "" }
func (ChatIn) Append(dst []byte) []byte { return dst }

func (ChatInvite) event()                   {}
func (ChatInvite) Line() string             { return "" }
func (ChatInvite) Append(dst []byte) []byte { return dst }

func (Evil) event()                   {}
func (Evil) Line() string             { return "" }
func (Evil) Append(dst []byte) []byte { return dst }

func (GotoURL) event()                   {}
func (GotoURL) Line() string             { return "" }
func (GotoURL) Append(dst []byte) []byte { return dst }

func (DirStatus) event()                   {}
func (DirStatus) Line() string             { return "" }
func (DirStatus) Append(dst []byte) []byte { return dst }

func (AdminNick) event()                   {}
func (AdminNick) Line() string             { return "" }
func (AdminNick) Append(dst []byte) []byte { return dst }

func (AdminPassword) event()                   {}
func (AdminPassword) Line() string             { return "" }
func (AdminPassword) Append(dst []byte) []byte { return dst }

func (RvousPropose) event()                   {}
func (RvousPropose) Line() string             { return "" }
func (RvousPropose) Append(dst []byte) []byte { return dst }

func (BART) event()                   {}
func (BART) Line() string             { return "" }
func (BART) Append(dst []byte) []byte { return dst }

func (Pause) event()                   {}
func (Pause) Line() string             { return "" }
func (Pause) Append(dst []byte) []byte { return dst }

func (Unknown) event()                   {}
func (Unknown) Line() string             { return "" }
func (Unknown) Append(dst []byte) []byte { return dst }

func (ServerError) event()                   {}
func (ServerError) Line() string             { return "" }
func (ServerError) Append(dst []byte) []byte { return dst }

func (InitDone) command()                 {}
func (InitDone) Line() string             { return "" }
func (InitDone) Append(dst []byte) []byte { return dst }

func (SendIM) command()                 {}
func (SendIM) Line() string             { return "" }
func (SendIM) Append(dst []byte) []byte { return dst }

func (SendIMEnc) command()                 {}
func (SendIMEnc) Line() string             { return "" }
func (SendIMEnc) Append(dst []byte) []byte { return dst }

func (SendTyping) command()                 {}
func (SendTyping) Line() string             { return "" }
func (SendTyping) Append(dst []byte) []byte { return dst }

func (GetStatus) command()                 {}
func (GetStatus) Line() string             { return "" }
func (GetStatus) Append(dst []byte) []byte { return dst }

func (SetAway) command()                 {}
func (SetAway) Line() string             { return "" }
func (SetAway) Append(dst []byte) []byte { return dst }

func (SetIdle) command()                 {}
func (SetIdle) Line() string             { return "" }
func (SetIdle) Append(dst []byte) []byte { return dst }

func (SetInfo) command()                 {}
func (SetInfo) Line() string             { return "" }
func (SetInfo) Append(dst []byte) []byte { return dst }

func (GetInfo) command()                 {}
func (GetInfo) Line() string             { return "" }
func (GetInfo) Append(dst []byte) []byte { return dst }

func (SetCaps) command()                 {}
func (SetCaps) Line() string             { return "" }
func (SetCaps) Append(dst []byte) []byte { return dst }

func (Warn) command()                 {}
func (Warn) Line() string             { return "" }
func (Warn) Append(dst []byte) []byte { return dst }

func (FormatNick) command()                 {}
func (FormatNick) Line() string             { return "" }
func (FormatNick) Append(dst []byte) []byte { return dst }

func (ChangePassword) command()                 {}
func (ChangePassword) Line() string             { return "" }
func (ChangePassword) Append(dst []byte) []byte { return dst }

func (NewGroup) command()                 {}
func (NewGroup) Line() string             { return "" }
func (NewGroup) Append(dst []byte) []byte { return dst }

func (DelGroup) command()                 {}
func (DelGroup) Line() string             { return "" }
func (DelGroup) Append(dst []byte) []byte { return dst }

func (NewBuddies) command()                 {}
func (NewBuddies) Line() string             { return "" }
func (NewBuddies) Append(dst []byte) []byte { return dst }

func (RemoveBuddies) command()                 {}
func (RemoveBuddies) Line() string             { return "" }
func (RemoveBuddies) Append(dst []byte) []byte { return dst }

func (SetPDMode) command()                 {}
func (SetPDMode) Line() string             { return "" }
func (SetPDMode) Append(dst []byte) []byte { return dst }

func (AddPermit) command()                 {}
func (AddPermit) Line() string             { return "" }
func (AddPermit) Append(dst []byte) []byte { return dst }

func (RemovePermit) command()                 {}
func (RemovePermit) Line() string             { return "" }
func (RemovePermit) Append(dst []byte) []byte { return dst }

func (AddDeny) command()                 {}
func (AddDeny) Line() string             { return "" }
func (AddDeny) Append(dst []byte) []byte { return dst }

func (RemoveDeny) command()                 {}
func (RemoveDeny) Line() string             { return "" }
func (RemoveDeny) Append(dst []byte) []byte { return dst }

func (AddBuddies) command()                 {}
func (AddBuddies) Line() string             { return "" }
func (AddBuddies) Append(dst []byte) []byte { return dst }

func (RemoveBuddiesV1) command()                 {}
func (RemoveBuddiesV1) Line() string             { return "" }
func (RemoveBuddiesV1) Append(dst []byte) []byte { return dst }

func (AddPermitV1) command()                 {}
func (AddPermitV1) Line() string             { return "" }
func (AddPermitV1) Append(dst []byte) []byte { return dst }

func (AddDenyV1) command()                 {}
func (AddDenyV1) Line() string             { return "" }
func (AddDenyV1) Append(dst []byte) []byte { return dst }

func (SetConfig) command()                 {}
func (SetConfig) Line() string             { return "" }
func (SetConfig) Append(dst []byte) []byte { return dst }

func (ChatJoin) command()                 {}
func (ChatJoin) Line() string             { return "" }
func (ChatJoin) Append(dst []byte) []byte { return dst }

func (ChatAccept) command()                 {}
func (ChatAccept) Line() string             { return "" }
func (ChatAccept) Append(dst []byte) []byte { return dst }

func (ChatSend) command()                 {}
func (ChatSend) Line() string             { return "" }
func (ChatSend) Append(dst []byte) []byte { return dst }

func (ChatWhisper) command()                 {}
func (ChatWhisper) Line() string             { return "" }
func (ChatWhisper) Append(dst []byte) []byte { return dst }

func (ChatInviteTo) command()                 {}
func (ChatInviteTo) Line() string             { return "" }
func (ChatInviteTo) Append(dst []byte) []byte { return dst }

func (ChatLeave) command()                 {}
func (ChatLeave) Line() string             { return "" }
func (ChatLeave) Append(dst []byte) []byte { return dst }

func (SetDir) command()                 {}
func (SetDir) Line() string             { return "" }
func (SetDir) Append(dst []byte) []byte { return dst }

func (GetDir) command()                 {}
func (GetDir) Line() string             { return "" }
func (GetDir) Append(dst []byte) []byte { return dst }

func (DirSearch) command()                 {}
func (DirSearch) Line() string             { return "" }
func (DirSearch) Append(dst []byte) []byte { return dst }

func (RvousAccept) command()                 {}
func (RvousAccept) Line() string             { return "" }
func (RvousAccept) Append(dst []byte) []byte { return dst }

func (RvousCancel) command()                 {}
func (RvousCancel) Line() string             { return "" }
func (RvousCancel) Append(dst []byte) []byte { return dst }

func (SignOnCommand) command()                 {}
func (SignOnCommand) Line() string             { return "" }
func (SignOnCommand) Append(dst []byte) []byte { return dst }

func (UnknownCommand) command()                 {}
func (UnknownCommand) Line() string             { return "" }
func (UnknownCommand) Append(dst []byte) []byte { return dst }
