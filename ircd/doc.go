// Package ircd is an IRC server that knows nothing of what its users talk to.
package ircd
