package toc

// The set of events is closed by an unexported method; Line is Append as a string.

func (ServerError) event() {}

// Line implements Event.
func (x ServerError) Line() string { return line(x) }

func (SignedOn) event() {}

// Line implements Event.
func (x SignedOn) Line() string { return line(x) }

func (Nick) event() {}

// Line implements Event.
func (x Nick) Line() string { return line(x) }

func (Config) event() {}

// Line implements Event.
func (x Config) Line() string { return line(x) }

func (IMIn) event() {}

// Line implements Event.
func (x IMIn) Line() string { return line(x) }

func (BuddyUpdate) event() {}

// Line implements Event.
func (x BuddyUpdate) Line() string { return line(x) }

func (BuddyCaps) event() {}

// Line implements Event.
func (x BuddyCaps) Line() string { return line(x) }

func (Typing) event() {}

// Line implements Event.
func (x Typing) Line() string { return line(x) }

func (NewBuddyReply) event() {}

// Line implements Event.
func (x NewBuddyReply) Line() string { return line(x) }

func (Inserted) event() {}

// Line implements Event.
func (x Inserted) Line() string { return line(x) }

func (Deleted) event() {}

// Line implements Event.
func (x Deleted) Line() string { return line(x) }

func (Updated) event() {}

// Line implements Event.
func (x Updated) Line() string { return line(x) }

func (ChatJoined) event() {}

// Line implements Event.
func (x ChatJoined) Line() string { return line(x) }

func (ChatLeft) event() {}

// Line implements Event.
func (x ChatLeft) Line() string { return line(x) }

func (ChatMembers) event() {}

// Line implements Event.
func (x ChatMembers) Line() string { return line(x) }

func (ChatIn) event() {}

// Line implements Event.
func (x ChatIn) Line() string { return line(x) }

func (ChatInvite) event() {}

// Line implements Event.
func (x ChatInvite) Line() string { return line(x) }

func (Evil) event() {}

// Line implements Event.
func (x Evil) Line() string { return line(x) }

func (GotoURL) event() {}

// Line implements Event.
func (x GotoURL) Line() string { return line(x) }

func (DirStatus) event() {}

// Line implements Event.
func (x DirStatus) Line() string { return line(x) }

func (AdminNick) event() {}

// Line implements Event.
func (x AdminNick) Line() string { return line(x) }

func (AdminPassword) event() {}

// Line implements Event.
func (x AdminPassword) Line() string { return line(x) }

func (RvousPropose) event() {}

// Line implements Event.
func (x RvousPropose) Line() string { return line(x) }

func (BART) event() {}

// Line implements Event.
func (x BART) Line() string { return line(x) }

func (Pause) event() {}

// Line implements Event.
func (x Pause) Line() string { return line(x) }

func (Unknown) event() {}

// Line implements Event.
func (x Unknown) Line() string { return line(x) }

// line prints short lines with one allocation.
func line(x interface{ Append([]byte) []byte }) string {
	var buf [256]byte
	return string(x.Append(buf[:0]))
}
