package toc

// The set of commands is closed by an unexported method; Line is Append as a string.

func (InitDone) command()        {}
func (SendIM) command()          {}
func (SendIMEnc) command()       {}
func (SendTyping) command()      {}
func (GetStatus) command()       {}
func (SetAway) command()         {}
func (SetIdle) command()         {}
func (SetInfo) command()         {}
func (GetInfo) command()         {}
func (SetCaps) command()         {}
func (Warn) command()            {}
func (FormatNick) command()      {}
func (ChangePassword) command()  {}
func (NewGroup) command()        {}
func (DelGroup) command()        {}
func (NewBuddies) command()      {}
func (RemoveBuddies) command()   {}
func (SetPDMode) command()       {}
func (AddPermit) command()       {}
func (RemovePermit) command()    {}
func (AddDeny) command()         {}
func (RemoveDeny) command()      {}
func (AddBuddies) command()      {}
func (RemoveBuddiesV1) command() {}
func (AddPermitV1) command()     {}
func (AddDenyV1) command()       {}
func (SetConfig) command()       {}
func (ChatJoin) command()        {}
func (ChatAccept) command()      {}
func (ChatSend) command()        {}
func (ChatWhisper) command()     {}
func (ChatInviteTo) command()    {}
func (ChatLeave) command()       {}
func (SetDir) command()          {}
func (GetDir) command()          {}
func (DirSearch) command()       {}
func (RvousAccept) command()     {}
func (RvousCancel) command()     {}
func (SignOnCommand) command()   {}
func (UnknownCommand) command()  {}

func (x InitDone) Line() string        { return line(x) }
func (x SendIM) Line() string          { return line(x) }
func (x SendIMEnc) Line() string       { return line(x) }
func (x SendTyping) Line() string      { return line(x) }
func (x GetStatus) Line() string       { return line(x) }
func (x SetAway) Line() string         { return line(x) }
func (x SetIdle) Line() string         { return line(x) }
func (x SetInfo) Line() string         { return line(x) }
func (x GetInfo) Line() string         { return line(x) }
func (x SetCaps) Line() string         { return line(x) }
func (x Warn) Line() string            { return line(x) }
func (x FormatNick) Line() string      { return line(x) }
func (x ChangePassword) Line() string  { return line(x) }
func (x NewGroup) Line() string        { return line(x) }
func (x DelGroup) Line() string        { return line(x) }
func (x NewBuddies) Line() string      { return line(x) }
func (x RemoveBuddies) Line() string   { return line(x) }
func (x SetPDMode) Line() string       { return line(x) }
func (x AddPermit) Line() string       { return line(x) }
func (x RemovePermit) Line() string    { return line(x) }
func (x AddDeny) Line() string         { return line(x) }
func (x RemoveDeny) Line() string      { return line(x) }
func (x AddBuddies) Line() string      { return line(x) }
func (x RemoveBuddiesV1) Line() string { return line(x) }
func (x AddPermitV1) Line() string     { return line(x) }
func (x AddDenyV1) Line() string       { return line(x) }
func (x SetConfig) Line() string       { return line(x) }
func (x ChatJoin) Line() string        { return line(x) }
func (x ChatAccept) Line() string      { return line(x) }
func (x ChatSend) Line() string        { return line(x) }
func (x ChatWhisper) Line() string     { return line(x) }
func (x ChatInviteTo) Line() string    { return line(x) }
func (x ChatLeave) Line() string       { return line(x) }
func (x SetDir) Line() string          { return line(x) }
func (x GetDir) Line() string          { return line(x) }
func (x DirSearch) Line() string       { return line(x) }
func (x RvousAccept) Line() string     { return line(x) }
func (x RvousCancel) Line() string     { return line(x) }
func (x SignOnCommand) Line() string   { return line(x) }
func (x UnknownCommand) Line() string  { return line(x) }
