package toc

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestServerErrorTexts(t *testing.T) {
	t.Parallel()
	for e, want := range map[ServerError]string{
		{901, "bob"}:                   "bob is not signed on, or does not let you see them. (AIM error 901)",
		{902, ""}:                      "That user cannot be warned",
		{903, ""}:                      "Wait half a minute",
		{913, "internal server error"}: "AIM could not carry out the request.",
		{931, "bob:17"}:                "Your buddy list is full: AIM cannot add bob.",
		{931, "bob:2"}:                 "AIM cannot add bob to your list.",
		{950, "My Room"}:               "The chat room My Room is unavailable.",
		{960, "bob"}:                   "You are sending to bob too fast.",
		{979, "on fire"}:               "failed: on fire.",
		{980, ""}:                      "Wrong screen name or password, or this screen name is signed on in too many places",
		{983, ""}:                      "Wait ten minutes",
		{989, "17"}:                    "suspended",
		{989, "0"}:                     "too soon",
		{989, "99"}:                    "does not name: 99.",
		{989, ""}:                      "does not name.",
		{555, "x\r\ny"}:                "does not know: x  y. (AIM error 555)",
	} {
		got := e.Error()
		if !strings.Contains(got, want) {
			t.Errorf("%+v: %q, want %q", e, got, want)
		}
	}
}

// TestServerErrorSentences: every code AOL or the live server has sent reads as
// sentences, with and without an argument.
func TestServerErrorSentences(t *testing.T) {
	t.Parallel()
	for _, code := range []int{901, 902, 903, 911, 912, 913, 914, 930, 931, 950, 951, 960, 961, 962, 970, 971, 972, 973, 974, 975, 976,
		977, 978, 979, 980, 981, 982, 983, 989, 998, 1} {
		for _, arg := range []string{"", "bob"} {
			s := ServerError{code, arg}.Error()
			if strings.Contains(s, "%") || strings.Contains(s, "  ") || !strings.HasSuffix(s, fmt.Sprintf(". (AIM error %d)", code)) {
				t.Errorf("%d: %q", code, s)
			}
		}
		if _, ok := errorTexts[code]; !ok && code != 989 && code != 1 {
			t.Errorf("%d has no text", code)
		}
	}
}

func TestServerErrorFatal(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]bool{979: false, 980: true, 983: true, 989: true, 990: false, 913: false, 903: false} {
		if (ServerError{Code: code}).Fatal() != want {
			t.Errorf("%d", code)
		}
	}
	var se ServerError
	if err := fmt.Errorf("sign on: %w", ServerError{Code: 980}); !errors.As(err, &se) || se.Code != ErrWrongPassword {
		t.Error("not found by errors.As")
	}
}
