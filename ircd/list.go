package ircd

import "time"

// Member is a user as NAMES and WHO show it.
type Member struct {
	Nick, User, Host, Realname string
	Account                    string // "" when not logged in
	Prefix                     string // "@+", highest first
	Away, Bot                  bool
	Channel                    string        // WHO over several channels: overrides the argument
	Server                     string        // WHO; "": this server
	Idle                       time.Duration // WHOX l
}

// Whois is a user as WHOIS shows it; what is empty is left out.
type Whois struct {
	Member
	ServerInfo string    // 312
	HasIdle    bool      // 317 is sent when Idle is known or SignOn is set
	SignOn     time.Time // 317
	AwayText   string    // 301; sent when Away
	Channels   []string  // 319, with prefixes
	Special    []string  // 320
	Secure     bool      // 671
}

// ListItem is a line of LIST.
type ListItem struct {
	Channel string
	Users   int
	Topic   string
}

func (c *Conn) SendNames(channel string, members []Member)           {}
func (c *Conn) SendWho(mask, whox, channel string, members []Member) {}
func (c *Conn) SendWhois(w Whois)                                    {}
func (c *Conn) SendList(items []ListItem)                            {}
