package ircd

// Numerics that irc.v4 leaves out because servers disagree about them, with the meaning that modern.ircdocs.horse
// gives them. The others are irc.RPL_… and irc.ERR_….
const (
	RPL_ADMINLOC1     = "257"
	RPL_ADMINLOC2     = "258"
	RPL_LOCALUSERS    = "265"
	RPL_GLOBALUSERS   = "266"
	RPL_WHOISCERTFP   = "276"
	RPL_WHOISSPECIAL  = "320"
	RPL_CREATIONTIME  = "329"
	RPL_WHOISACCOUNT  = "330"
	RPL_TOPICWHOTIME  = "333"
	RPL_WHOISBOT      = "335"
	RPL_WHOISHOST     = "378"
	RPL_WHOISMODES    = "379"
	RPL_WHOISACTUALLY = "338"
	RPL_WHOSPCRPL     = "354"
	RPL_VISIBLEHOST   = "396"
	RPL_WHOISSECURE   = "671"
	RPL_HELPSTART     = "704"
	RPL_HELPTXT       = "705"
	RPL_ENDOFHELP     = "706"

	ERR_UNKNOWNERROR     = "400"
	ERR_INPUTTOOLONG     = "417"
	ERR_INVALIDUSERNAME  = "468"
	ERR_HELPNOTFOUND     = "524"
	ERR_INVALIDKEY       = "525"
	ERR_CANTSENDTOUSER   = "531"
	ERR_INVALIDMODEPARAM = "696"
)
