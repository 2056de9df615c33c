// Package config holds the settings of tocbridge: their names, their defaults,
// where they may come from, and which values are refused.
//
//	config.go    Config and Defaults: one struct, one field a key
//	limits.go    the [limits] section
//	ways.go      addresses, and [tls], [websocket] and [proxy]: how clients come in
//	load.go      Load: flags over environment over file over defaults
//	decode.go    how a written value becomes a Go value, strictly
//	origin.go    which line, variable or flag a value came from; KeyError
//	validate.go  Validate: what a value has to be
//	secret.go    Secret, a text that never prints itself
//	print.go     TOML: a Config as the file that would give it
//
// It is the only importer of viper, which is used as a merger and nothing else:
// an instance of its own, a delimiter that no key contains, one UnmarshalExact
// and no Get. It knows nothing of the other packages; cmd/tocbridge turns a
// Config into an ircd.Server and bridge.Options.
//
// A key is written section.name in messages, [section] name in the file,
// TOCBRIDGE_SECTION_NAME in the environment. Everything wrong is reported at
// once, each fault with its key and, for a file, its line.
package config

import "time"

// Config is the whole configuration. The tags are the names in the file.
type Config struct {
	IRC       IRC       `mapstructure:"irc"`
	TLS       TLS       `mapstructure:"tls"`
	WebSocket WebSocket `mapstructure:"websocket"`
	Proxy     Proxy     `mapstructure:"proxy"`
	TOC       TOC       `mapstructure:"toc"`
	Bridge    Bridge    `mapstructure:"bridge"`
	Store     Store     `mapstructure:"store"`
	Log       Log       `mapstructure:"log"`
	Limits    Limits    `mapstructure:"limits"`
}

// IRC is the side that IRC clients connect to.
type IRC struct {
	// Listen has the addresses for plain text: host:port, where port 0 lets the
	// system choose, or unix:/path.
	Listen []string `mapstructure:"listen"`
	// ListenTLS, ListenWS and ListenWSS have those for TLS, for WebSocket and for
	// WebSocket over TLS.
	ListenTLS []string `mapstructure:"listen_tls"`
	ListenWS  []string `mapstructure:"listen_ws"`
	ListenWSS []string `mapstructure:"listen_wss"`
	// InsecurePlaintext allows addresses in Listen and ListenWS that are not
	// loopback. Passwords and messages cross the network readable there.
	InsecurePlaintext bool `mapstructure:"insecure_plaintext"`
	// UnixMode has the permission bits of unix sockets, octal.
	UnixMode string `mapstructure:"unix_mode"`
	// Hostname is the server's name in every line it sends; it needs a dot,
	// by which clients tell a server from a nick.
	Hostname string `mapstructure:"hostname"`
	// Network is the name shown by clients (ISUPPORT NETWORK).
	Network string `mapstructure:"network"`
	// MOTDFile is a text file shown at login; empty for none.
	MOTDFile string `mapstructure:"motd_file"`
}

// TOC is the server that we sign on to.
type TOC struct {
	Server string `mapstructure:"server"` // host:port
	Login  string `mapstructure:"login"`  // toc2_login, toc2_signon or toc_signon
	Pace   string `mapstructure:"pace"`   // oscar or off
	// ReconnectMin and ReconnectMax bound the pause before an account whose link
	// was lost signs on again: it doubles from one to the other.
	ReconnectMin time.Duration `mapstructure:"reconnect_min"`
	ReconnectMax time.Duration `mapstructure:"reconnect_max"`
	// Entities says to whom text beyond ASCII goes as &#NNN;: auto, always or never.
	Entities string `mapstructure:"entities"`
}

// Bridge is what happens between the two.
type Bridge struct {
	// Linger is how long an account stays signed on after its last client left;
	// 0s: it signs off at once.
	Linger time.Duration `mapstructure:"linger"`
	// AwayText is the away message while no client is connected to an account
	// that stays signed on; empty leaves it available.
	AwayText string `mapstructure:"away_text"`
	// AutoResponse answers messages with the away message while somebody is away.
	AutoResponse bool `mapstructure:"auto_response"`
	// IdleAfter is how long a user does nothing at any client until AIM is told.
	IdleAfter time.Duration `mapstructure:"idle_after"`
	// ReplayLines and ReplayAge bound what a client that comes back is shown of
	// what it missed. 0 lines: nothing; 0s: however old.
	ReplayLines int           `mapstructure:"replay_lines"`
	ReplayAge   time.Duration `mapstructure:"replay_age"`
}

// Store is where history and state are kept.
type Store struct {
	// Path is the database file; empty: tocbridge/tocbridge.db below the user's
	// XDG_STATE_HOME. ":memory:" keeps nothing beyond the life of the process,
	// "off" no history at all.
	Path string `mapstructure:"path"`
	// MaxAge and MaxMessages bound the history of each account; 0 is no bound.
	MaxAge      time.Duration `mapstructure:"max_age"`
	MaxMessages int           `mapstructure:"max_messages"`
	// KeyFile has the key that passwords of accounts that are always on are
	// sealed with; empty: systemd's credential tocbridge-key, if there is one.
	KeyFile string `mapstructure:"key_file"`
}

// Log is the program's own log, on standard error.
type Log struct {
	Level  string `mapstructure:"level"`  // debug, info, warn or error
	Format string `mapstructure:"format"` // text or json
}

// Defaults is the configuration without a file, the environment and flags.
func Defaults() Config {
	return Config{
		IRC: IRC{
			Listen:    []string{"127.0.0.1:6667"},
			ListenTLS: []string{},
			ListenWS:  []string{},
			ListenWSS: []string{},
			UnixMode:  "0660",
			Hostname:  "tocbridge.localhost",
			Network:   "AIM",
		},
		WebSocket: WebSocket{Origins: []string{}},
		Proxy:     Proxy{From: []string{}},

		TOC: TOC{
			Server: "127.0.0.1:9898", Login: "toc2_login", Pace: "oscar", Entities: "auto",
			ReconnectMin: 10 * time.Second, ReconnectMax: 5 * time.Minute,
		},
		Bridge: Bridge{Linger: time.Hour, AwayText: "Nobody is at the keyboard", AutoResponse: true, IdleAfter: 10 * time.Minute,
			ReplayLines: 1000, ReplayAge: 30 * 24 * time.Hour},
		Store:  Store{MaxAge: 365 * 24 * time.Hour, MaxMessages: 1_000_000},
		Log:    Log{Level: "info", Format: "text"},
		Limits: defaultLimits(),
	}
}
