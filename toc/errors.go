package toc

import (
	"strconv"
	"strings"
)

// ServerError (ERROR) is an event and, from SignOn, an error. Error gives a
// sentence the user can act on.
type ServerError struct {
	Code int
	Arg  string // a screen name, room or text; see ref 4.4
}

// Codes that callers act on. The live server sends only these (ref 4.4).
const (
	ErrNotAvailable  = 901 // of GetStatus; Arg is the name as sent
	ErrWarn          = 902
	ErrRate          = 903 // a command was dropped, nobody says which
	ErrBadInput      = 911
	ErrFailed        = 913
	ErrWrongPassword = 980 // also a sixth session, and a wrong old password
	ErrTooOften      = 983
)

// Fatal reports whether the code ends a sign-on. In a session no error does.
func (e ServerError) Fatal() bool { return e.Code >= 980 && e.Code <= 989 }

// errorTexts holds a sentence per code; %s stands for the argument, and a
// sentence that needs one has a second form for when it is missing.
var errorTexts = map[int][2]string{
	901: {"%s is not signed on, or does not let you see them.", "That user is not signed on, or does not let you see them."},
	902: {"%s cannot be warned now: they must have sent you a message that you have not warned them for yet.",
		"That user cannot be warned now: they must have sent you a message that you have not warned them for yet."},
	903: {"", "You are sending faster than AIM allows, and something you sent was dropped. Wait half a minute, then send it again."},
	911: {"", "AIM does not accept this input: check its length and characters."},
	912: {"", "AIM says this account is invalid."},
	913: {"", "AIM could not carry out the request. Check that the names exist and are spelled as on your list."},
	914: {"", "This service of AIM is unavailable. Try again later."},
	930: {"", "AIM's list server is down. Your buddy list cannot be changed now; try again later."},
	931: {"AIM cannot add %s to your list.", "AIM cannot add that to your list."},
	950: {"The chat room %s is unavailable.", "That chat room is unavailable."},
	951: {"The chat room %s is unavailable.", "That chat room is unavailable."},
	960: {"You are sending to %s too fast. Wait, then send it again.", "You are sending too fast. Wait, then send it again."},
	961: {"A message from %s was too big and was lost.", "A message to you was too big and was lost."},
	962: {"A message from %s was lost because they send too fast.", "A message to you was lost because the sender was too fast."},
	970: {"", "The directory search failed."},
	971: {"", "The directory search found too many people. Give more details."},
	972: {"", "The directory search needs more details."},
	973: {"", "The directory is unavailable. Try again later."},
	974: {"", "Searching by e-mail address is restricted."},
	975: {"", "A keyword of the search was ignored."},
	976: {"", "The search needs keywords."},
	977: {"", "The directory does not know this language."},
	978: {"", "The directory does not know this country."},
	979: {"The directory search failed: %s.", "The directory search failed for an unknown reason."},
	980: {"", "Wrong screen name or password, or this screen name is signed on in too many places at once (five)."},
	981: {"", "AIM is temporarily unavailable. Try again later."},
	982: {"", "Your warning level is too high to sign on. Wait until it has fallen."},
	983: {"", "You have been signing on too often. Wait ten minutes before you try again."},
	998: {"", "AIM says this client is outdated."},
}

// signOnTexts are the sub-codes of 989.
var signOnTexts = map[string]string{
	"0":  "You are signing on again too soon. Wait a few minutes.",
	"7":  "This is not a valid screen name.",
	"17": "This account is suspended.",
}

// Error returns a sentence, closed by the code in parentheses.
func (e ServerError) Error() string {
	return e.sentence() + " (AIM error " + strconv.Itoa(e.Code) + ")"
}

func (e ServerError) sentence() string {
	arg := printable(e.Arg)
	if e.Code == 989 {
		if s, ok := signOnTexts[arg]; ok {
			return s
		}
		return withArg("The sign-on failed for a reason AIM does not name", arg)
	}
	if e.Code == 931 {
		name, sub, _ := strings.Cut(arg, ":")
		if arg = name; sub == "17" {
			return "Your buddy list is full: AIM cannot add " + name + ". Remove somebody first."
		}
	}
	text, ok := errorTexts[e.Code]
	switch {
	case !ok:
		return withArg("AIM reports an error this program does not know", arg)
	case arg != "" && text[0] != "":
		return strings.ReplaceAll(text[0], "%s", arg)
	}
	return text[1]
}

func withArg(s, arg string) string {
	if arg == "" {
		return s + "."
	}
	return s + ": " + arg + "."
}

// printable makes one line of text from the far side.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.TrimSpace(s))
}
