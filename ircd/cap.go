package ircd

// Cap is a set of IRCv3 capabilities.
type Cap uint64

// The capabilities.
const (
	CapMessageTags Cap = 1 << iota
	CapServerTime
	CapAccountTag
	CapBatch
	CapLabeledResponse
	CapEchoMessage
	CapAwayNotify
	CapAccountNotify
	CapExtendedJoin
	CapMultiPrefix
	CapUserhostInNames
	CapNotify
	CapInviteNotify
	CapSetname
	CapChghost
	CapStandardReplies
	CapSASL
	CapSelfMessage     // znc.in/self-message
	CapNoImplicitNames // no-implicit-names
)
