package ircd

import "time"

// Limits bound what a client may cost. Zero of a field switches that limit off.
type Limits struct {
	Conns               int           // connections in all
	PerAddr             int           // connections of one address (IPv6: of one /64)
	PerAddrUnregistered int           // those of them that have not registered yet
	LoginFailures       int           // failed logins a minute, per address and per account; more are refused unheard
	Register            time.Duration // time to register in
	Ping                time.Duration // quiet for so long: PING
	Pong                time.Duration // and quiet for so long after it: closed
	Write               time.Duration // a write may take so long
	SendQ               int           // bytes waiting to be written
	RecvQ               int           // bytes without a newline
	Burst               int           // commands at once before fakelag sets in
	Rate                float64       // commands a second from then on
}

// DefaultLimits are generous for people and tight for machines.
func DefaultLimits() Limits {
	return Limits{
		Conns: 16384, PerAddr: 64, PerAddrUnregistered: 16, LoginFailures: 10,
		Register: 30 * time.Second, Ping: 2 * time.Minute, Pong: time.Minute, Write: 30 * time.Second,
		SendQ: 1 << 20, RecvQ: 16 << 10, Burst: 100, Rate: 20,
	}
}
