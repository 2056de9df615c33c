package ircd

import irc "gopkg.in/irc.v4"

// NickLen and ChannelLen are the longest nick and channel name in bytes.
const (
	NickLen    = 32
	ChannelLen = 200
)

func Fold(s string) string                                      { return s }
func ValidNick(s string) bool                                   { return s != "" }
func ValidChannel(s string) bool                                { return s != "" }
func TextBudget(prefix *irc.Prefix, command, target string) int { return 400 }
