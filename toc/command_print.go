package toc

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// cmd is a command being written. Each method appends an argument.
type cmd []byte

func begin(dst []byte, verb string) cmd { return append(dst, verb...) }

func (c cmd) name(n ScreenName) cmd { return appendName(append(c, ' '), n) }
func (c cmd) num(n int) cmd         { return strconv.AppendInt(append(c, ' '), int64(n), 10) }
func (c cmd) html(s string) cmd     { return appendHTML(append(c, ' '), s) }
func (c cmd) arg(s string) cmd      { return appendQuoted(append(c, ' '), s, argStyle) }
func (c cmd) pass(s string) cmd     { return appendQuoted(append(c, ' '), s, passStyle) }
func (c cmd) raw(s string) cmd      { return appendQuoted(append(c, ' '), s, rawStyle) }

// trimmed appends an argument as raw does, without the white space at its ends, which the server trims.
func (c cmd) trimmed(s string) cmd { return c.raw(strings.TrimSpace(rawStyle.strip(s))) }

// word appends an argument bare if that is safe. White space at its ends means
// nothing.
func (c cmd) word(s string) cmd {
	s = cleanWord(s)
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r > '~' }) {
		return c.raw(s)
	}
	return append(append(c, ' '), s...)
}

func cleanWord(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && rawStyle.kinds[byte(r)] == drop {
			return -1
		}
		return r
	}, s))
}

func (c cmd) names(names []ScreenName) cmd {
	for _, n := range names {
		c = c.name(n)
	}
	return c
}

func (c cmd) flag(set bool, s string) cmd {
	if set {
		c = append(c, s...)
	}
	return c
}

func (x InitDone) Append(dst []byte) []byte { return begin(dst, "toc_init_done") }

func (x SendIM) Append(dst []byte) []byte {
	return begin(dst, "toc2_send_im").name(x.To).html(x.Text).flag(x.Auto, " auto")
}

func (x SendIMEnc) Append(dst []byte) []byte {
	return begin(dst, "toc2_send_im_enc").name(x.To).word("F").word(x.Encoding).word(x.Language).
		html(x.Text).flag(x.Auto, " auto")
}

func (x SendTyping) Append(dst []byte) []byte {
	return begin(dst, "toc2_client_event").name(x.To).num(int(x.State))
}

func (x GetStatus) Append(dst []byte) []byte { return begin(dst, "toc_get_status").name(x.Name) }

func (x SetAway) Append(dst []byte) []byte {
	if QuotedLen(x.Text) == 0 {
		return begin(dst, "toc_set_away")
	}
	return begin(dst, "toc_set_away").html(x.Text)
}

func (x SetIdle) Append(dst []byte) []byte { return begin(dst, "toc_set_idle").num(x.Seconds) }

func (x SetInfo) Append(dst []byte) []byte { return begin(dst, "toc_set_info").html(x.Text) }

func (x GetInfo) Append(dst []byte) []byte { return begin(dst, "toc_get_info").name(x.Name) }

func (x SetCaps) Append(dst []byte) []byte {
	c := begin(dst, "toc_set_caps")
	for _, s := range x.Caps {
		if s = cleanWord(s); s != "" {
			c = c.word(s)
		}
	}
	return c
}

func (x Warn) Append(dst []byte) []byte {
	c := begin(dst, "toc_evil").name(x.Name)
	return c.flag(x.Anon, " anon").flag(!x.Anon, " norm")
}

func (x FormatNick) Append(dst []byte) []byte {
	return begin(dst, "toc_format_nickname").trimmed(string(x.Name))
}

func (x ChangePassword) Append(dst []byte) []byte {
	return begin(dst, "toc_change_passwd").pass(x.Old).pass(x.New)
}

func (x NewGroup) Append(dst []byte) []byte { return begin(dst, "toc2_new_group").arg(x.Group) }

func (x DelGroup) Append(dst []byte) []byte { return begin(dst, "toc2_del_group").arg(x.Group) }

// Append writes the group without backslashes: the server deletes none here,
// unlike everywhere else (ref 3.1).
func (x RemoveBuddies) Append(dst []byte) []byte {
	return begin(dst, "toc2_remove_buddy").names(x.Names).raw(x.Group)
}

// Append leaves out groups without a name. The format has no way to say a colon
// in an alias: a semicolon takes its place.
func (x NewBuddies) Append(dst []byte) []byte {
	dst = append(begin(dst, "toc2_new_buddies"), " {"...)
	for _, g := range x.Groups {
		start := len(dst)
		dst = append(dst, "g:"...)
		if dst = listStyle.append(dst, g.Name); len(dst) == start+len("g:") {
			dst = dst[:start]
			continue
		}
		dst = append(dst, '\n')
		for _, b := range g.Buddies {
			dst = b.appendEntry(dst)
		}
	}
	return append(dst, '}')
}

// appendEntry appends a `b:` line. The note is always the seventh field here;
// CONFIG2 is different.
func (b Buddy) appendEntry(dst []byte) []byte {
	start := len(dst)
	name := appendKey(nil, b.Name)
	name = slices.DeleteFunc(name, func(c byte) bool { return c == ':' })
	dst = append(dst, "b:"...)
	if dst = listStyle.append(dst, string(name)); len(dst) == start+len("b:") {
		return dst[:start]
	}
	if b.Alias != "" || b.Note != "" {
		dst = b.appendAliasNote(dst)
	}
	return append(dst, '\n')
}

func (b Buddy) appendAliasNote(dst []byte) []byte {
	const aliasSep, noteSep = ":", ":::::"
	start := len(dst)
	dst = listStyle.append(append(dst, aliasSep...), noColons(b.Alias))
	end := len(dst)
	dst = listStyle.append(append(dst, noteSep...), noColons(b.Note))
	switch {
	case len(dst) > end+len(noteSep):
		return dst
	case end > start+len(aliasSep):
		return dst[:end]
	}
	return dst[:start] // nothing to say is left of either
}

func noColons(s string) string { return strings.ReplaceAll(s, ":", ";") }

func (x SetPDMode) Append(dst []byte) []byte { return begin(dst, "toc2_set_pdmode").num(int(x.Mode)) }

func (x AddPermit) Append(dst []byte) []byte { return begin(dst, "toc2_add_permit").names(x.Names) }

func (x RemovePermit) Append(dst []byte) []byte {
	return begin(dst, "toc2_remove_permit").names(x.Names)
}

func (x AddDeny) Append(dst []byte) []byte { return begin(dst, "toc2_add_deny").names(x.Names) }

func (x RemoveDeny) Append(dst []byte) []byte { return begin(dst, "toc2_remove_deny").names(x.Names) }

func (x AddBuddies) Append(dst []byte) []byte { return begin(dst, "toc_add_buddy").names(x.Names) }

func (x RemoveBuddiesV1) Append(dst []byte) []byte {
	return begin(dst, "toc_remove_buddy").names(x.Names)
}

func (x AddPermitV1) Append(dst []byte) []byte { return begin(dst, "toc_add_permit").names(x.Names) }

func (x AddDenyV1) Append(dst []byte) []byte { return begin(dst, "toc_add_deny").names(x.Names) }

// Append encloses the text as it is: the live server takes it so, less quotes and
// spaces at its ends.
func (x SetConfig) Append(dst []byte) []byte {
	dst = append(begin(dst, "toc_set_config"), ` "`...)
	dst = append(dst, strings.Trim(strings.ReplaceAll(x.Text, "\x00", ""), outside)...)
	return append(dst, '"')
}

func (x ChatJoin) Append(dst []byte) []byte {
	return begin(dst, "toc_chat_join").num(x.Exchange).arg(x.Name)
}

func (x ChatAccept) Append(dst []byte) []byte { return begin(dst, "toc_chat_accept").num(x.Room) }

func (x ChatSend) Append(dst []byte) []byte {
	return begin(dst, "toc_chat_send").num(x.Room).html(x.Text)
}

func (x ChatWhisper) Append(dst []byte) []byte {
	return begin(dst, "toc_chat_whisper").num(x.Room).name(x.To).html(x.Text)
}

func (x ChatInviteTo) Append(dst []byte) []byte {
	return begin(dst, "toc_chat_invite").num(x.Room).html(x.Text).names(x.Names)
}

func (x ChatLeave) Append(dst []byte) []byte { return begin(dst, "toc_chat_leave").num(x.Room) }

func (x SetDir) Append(dst []byte) []byte { return begin(dst, "toc_set_dir").arg(x.Fields) }

func (x GetDir) Append(dst []byte) []byte { return begin(dst, "toc_get_dir").name(x.Name) }

func (x DirSearch) Append(dst []byte) []byte { return begin(dst, "toc_dir_search").arg(x.Fields) }

func (x RvousAccept) Append(dst []byte) []byte {
	return begin(dst, "toc_rvous_accept").name(x.Name).word(x.Cookie).word(x.UUID)
}

func (x RvousCancel) Append(dst []byte) []byte {
	return begin(dst, "toc_rvous_cancel").name(x.Name).word(x.Cookie).word(x.UUID)
}

func (x SignOnCommand) Append(dst []byte) []byte {
	c := begin(dst, signOnVerbs[x.Form]).word(x.Host).word(x.Port).name(x.Name)
	c = c.word(x.Roasted).word(x.Language).trimmed(x.Version)
	for _, s := range x.Extra {
		c = c.word(s)
	}
	return c
}

func (x UnknownCommand) Append(dst []byte) []byte { return append(dst, x.Text...) }
