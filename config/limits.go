package config

import "time"

// Limits protect the server from its clients. In all of them 0 is off. They are
// ircd.Limits under the names of the file; a test in cmd/tocbridge holds the
// two and their defaults together.
type Limits struct {
	// Connections is how many there may be in all.
	Connections int `mapstructure:"connections"`
	// ConnectionsPerAddress is how many of one address (IPv6: of one /64).
	ConnectionsPerAddress int `mapstructure:"connections_per_address"`
	// UnregisteredPerAddress is how many of those may not have logged in yet.
	UnregisteredPerAddress int `mapstructure:"unregistered_per_address"`
	// LoginFailures is how many a minute are heard, per address and account.
	LoginFailures int `mapstructure:"login_failures"`

	Register time.Duration `mapstructure:"register"` // time to log in
	Ping     time.Duration `mapstructure:"ping"`     // quiet for so long: PING
	Pong     time.Duration `mapstructure:"pong"`     // and for so long after it: closed
	Write    time.Duration `mapstructure:"write"`    // a write may take so long

	SendQ int     `mapstructure:"sendq"` // bytes waiting for one client to read
	RecvQ int     `mapstructure:"recvq"` // bytes from a client without a line's end
	Burst int     `mapstructure:"burst"` // commands at once before the rate applies
	Rate  float64 `mapstructure:"rate"`  // commands a second from then on
}

func defaultLimits() Limits {
	return Limits{
		Connections: 16384, ConnectionsPerAddress: 128, UnregisteredPerAddress: 32, LoginFailures: 10,
		Register: 30 * time.Second, Ping: 2 * time.Minute, Pong: time.Minute, Write: 30 * time.Second,
		SendQ: 1 << 20, RecvQ: 16 << 10, Burst: 200, Rate: 50,
	}
}
