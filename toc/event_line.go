package toc

// The set of events is closed by an unexported method; Line is Append as a string.

func (ServerError) event()   {}
func (SignedOn) event()      {}
func (Nick) event()          {}
func (Config) event()        {}
func (IMIn) event()          {}
func (BuddyUpdate) event()   {}
func (BuddyCaps) event()     {}
func (Typing) event()        {}
func (NewBuddyReply) event() {}
func (Inserted) event()      {}
func (Deleted) event()       {}
func (Updated) event()       {}
func (ChatJoined) event()    {}
func (ChatLeft) event()      {}
func (ChatMembers) event()   {}
func (ChatIn) event()        {}
func (ChatInvite) event()    {}
func (Evil) event()          {}
func (GotoURL) event()       {}
func (DirStatus) event()     {}
func (AdminNick) event()     {}
func (AdminPassword) event() {}
func (RvousPropose) event()  {}
func (BART) event()          {}
func (Pause) event()         {}
func (Unknown) event()       {}

func (x ServerError) Line() string   { return line(x) }
func (x SignedOn) Line() string      { return line(x) }
func (x Nick) Line() string          { return line(x) }
func (x Config) Line() string        { return line(x) }
func (x IMIn) Line() string          { return line(x) }
func (x BuddyUpdate) Line() string   { return line(x) }
func (x BuddyCaps) Line() string     { return line(x) }
func (x Typing) Line() string        { return line(x) }
func (x NewBuddyReply) Line() string { return line(x) }
func (x Inserted) Line() string      { return line(x) }
func (x Deleted) Line() string       { return line(x) }
func (x Updated) Line() string       { return line(x) }
func (x ChatJoined) Line() string    { return line(x) }
func (x ChatLeft) Line() string      { return line(x) }
func (x ChatMembers) Line() string   { return line(x) }
func (x ChatIn) Line() string        { return line(x) }
func (x ChatInvite) Line() string    { return line(x) }
func (x Evil) Line() string          { return line(x) }
func (x GotoURL) Line() string       { return line(x) }
func (x DirStatus) Line() string     { return line(x) }
func (x AdminNick) Line() string     { return line(x) }
func (x AdminPassword) Line() string { return line(x) }
func (x RvousPropose) Line() string  { return line(x) }
func (x BART) Line() string          { return line(x) }
func (x Pause) Line() string         { return line(x) }
func (x Unknown) Line() string       { return line(x) }

// line prints short lines with one allocation.
func line(x interface{ Append([]byte) []byte }) string {
	var buf [256]byte
	return string(x.Append(buf[:0]))
}
