package ircd

// Numerics that irc.v4 lacks.
const (
	ErrNeedMoreParams = "461"
)
