package toc

// The set of commands is closed by an unexported method; Line is Append as a string.

func (InitDone) command() {}

// Line implements Command.
func (x InitDone) Line() string { return line(x) }

func (SendIM) command() {}

// Line implements Command.
func (x SendIM) Line() string { return line(x) }

func (SendIMEnc) command() {}

// Line implements Command.
func (x SendIMEnc) Line() string { return line(x) }

func (SendTyping) command() {}

// Line implements Command.
func (x SendTyping) Line() string { return line(x) }

func (GetStatus) command() {}

// Line implements Command.
func (x GetStatus) Line() string { return line(x) }

func (SetAway) command() {}

// Line implements Command.
func (x SetAway) Line() string { return line(x) }

func (SetIdle) command() {}

// Line implements Command.
func (x SetIdle) Line() string { return line(x) }

func (SetInfo) command() {}

// Line implements Command.
func (x SetInfo) Line() string { return line(x) }

func (GetInfo) command() {}

// Line implements Command.
func (x GetInfo) Line() string { return line(x) }

func (SetCaps) command() {}

// Line implements Command.
func (x SetCaps) Line() string { return line(x) }

func (Warn) command() {}

// Line implements Command.
func (x Warn) Line() string { return line(x) }

func (FormatNick) command() {}

// Line implements Command.
func (x FormatNick) Line() string { return line(x) }

func (ChangePassword) command() {}

// Line implements Command.
func (x ChangePassword) Line() string { return line(x) }

func (NewGroup) command() {}

// Line implements Command.
func (x NewGroup) Line() string { return line(x) }

func (DelGroup) command() {}

// Line implements Command.
func (x DelGroup) Line() string { return line(x) }

func (NewBuddies) command() {}

// Line implements Command.
func (x NewBuddies) Line() string { return line(x) }

func (RemoveBuddies) command() {}

// Line implements Command.
func (x RemoveBuddies) Line() string { return line(x) }

func (SetPDMode) command() {}

// Line implements Command.
func (x SetPDMode) Line() string { return line(x) }

func (AddPermit) command() {}

// Line implements Command.
func (x AddPermit) Line() string { return line(x) }

func (RemovePermit) command() {}

// Line implements Command.
func (x RemovePermit) Line() string { return line(x) }

func (AddDeny) command() {}

// Line implements Command.
func (x AddDeny) Line() string { return line(x) }

func (RemoveDeny) command() {}

// Line implements Command.
func (x RemoveDeny) Line() string { return line(x) }

func (AddBuddies) command() {}

// Line implements Command.
func (x AddBuddies) Line() string { return line(x) }

func (RemoveBuddiesV1) command() {}

// Line implements Command.
func (x RemoveBuddiesV1) Line() string { return line(x) }

func (AddPermitV1) command() {}

// Line implements Command.
func (x AddPermitV1) Line() string { return line(x) }

func (AddDenyV1) command() {}

// Line implements Command.
func (x AddDenyV1) Line() string { return line(x) }

func (SetConfig) command() {}

// Line implements Command.
func (x SetConfig) Line() string { return line(x) }

func (ChatJoin) command() {}

// Line implements Command.
func (x ChatJoin) Line() string { return line(x) }

func (ChatAccept) command() {}

// Line implements Command.
func (x ChatAccept) Line() string { return line(x) }

func (ChatSend) command() {}

// Line implements Command.
func (x ChatSend) Line() string { return line(x) }

func (ChatWhisper) command() {}

// Line implements Command.
func (x ChatWhisper) Line() string { return line(x) }

func (ChatInviteTo) command() {}

// Line implements Command.
func (x ChatInviteTo) Line() string { return line(x) }

func (ChatLeave) command() {}

// Line implements Command.
func (x ChatLeave) Line() string { return line(x) }

func (SetDir) command() {}

// Line implements Command.
func (x SetDir) Line() string { return line(x) }

func (GetDir) command() {}

// Line implements Command.
func (x GetDir) Line() string { return line(x) }

func (DirSearch) command() {}

// Line implements Command.
func (x DirSearch) Line() string { return line(x) }

func (RvousAccept) command() {}

// Line implements Command.
func (x RvousAccept) Line() string { return line(x) }

func (RvousCancel) command() {}

// Line implements Command.
func (x RvousCancel) Line() string { return line(x) }

func (SignOnCommand) command() {}

// Line implements Command.
func (x SignOnCommand) Line() string { return line(x) }

func (UnknownCommand) command() {}

// Line implements Command.
func (x UnknownCommand) Line() string { return line(x) }
