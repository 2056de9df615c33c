package nicks

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		exchange      int
		room, channel string
	}{
		{4, "lobby", "#lobby"},
		{5, "lobby", "##lobby"},
		{4, "My Room", "#My_Room"},
		{4, "my_room", "#my%5Froom"},
		{4, "lost-found-room", "#lost-found-room"},
		{4, "#foo", "#%23foo"},
		{4, "##foo", "#%23#foo"},
		{5, "#foo", "###foo"},
		{4, "a,b:c", "#a%2Cb%3Ac"},
		{4, "a\x07\r\n\x00b\x7f", "#a%07%0D%0A%00b%7F"},
		{4, "grüße 日本 😀", "#grüße_日本_😀"},
		{4, "a\u0085b\u2028", "#a%C2%85b%E2%80%A8"},
		{4, "a\xffb", "#a%FFb"},
		{4, "100%", "#100%"},
		{4, "100% fun", "#100%_fun"},
		{4, "%41 %4", "#%41_%4"},
		{4, "%5F %x", "#%255F_%25x"},
		{4, "%23foo", "#%2523foo"},
		{4, "%-", "#%25-"},
		{4, " x ", "#_x_"},
		{4, "#", "#%23"},
		{5, "%", "##%"},
	} {
		if got := Channel(tc.exchange, tc.room); got != tc.channel {
			t.Errorf("Channel(%d, %q) = %q, want %q", tc.exchange, tc.room, got, tc.channel)
		}
		for _, ch := range []string{tc.channel, strings.ReplaceAll(tc.channel, "%5F", "%5f")} {
			if ex, room, ok := Room(ch); ex != tc.exchange || room != tc.room || !ok {
				t.Errorf("Room(%q) = %d, %q, %v", ch, ex, room, ok)
			}
		}
	}
	for _, bad := range []string{"", "#", "##", "lobby", "&x", "#a b", "#a,b", "#a\x07", "#a\r", "#a\x00", "#\xff", "#%-", "##%-", "+x"} {
		if ex, room, ok := Room(bad); ok || room != "" || ex != 0 {
			t.Errorf("Room(%q) = %d, %q", bad, ex, room)
		}
	}
	if got := Channel(4, ""); got != "#%-" {
		t.Errorf("a room without a name is %q", got)
	}
	if got := Channel(17, "x"); got != "#x" {
		t.Errorf("on an exchange unknown: %q", got)
	}
}

func TestGroupChannel(t *testing.T) {
	t.Parallel()
	for group, channel := range map[string]string{
		"Friends": "&Friends", "Co Workers": "&Co_Workers", "a_b": "&a%5Fb", "Buddies": "&&Buddies", "buddies": "&&buddies",
		"Buddies ": "&Buddies_", "&Buddies": "&%26Buddies", "&": "&%26", "&x": "&%26x", "a&b": "&a&b", "#x": "&#x", "buddie\u017f": "&buddie\u017f",
		"Familie, Köln": "&Familie%2C_Köln",
	} {
		if got := GroupChannel(group); got != channel {
			t.Errorf("GroupChannel(%q) = %q, want %q", group, got, channel)
		}
		if got, ok := Group(channel); got != group || !ok {
			t.Errorf("Group(%q) = %q, %v; want %q", channel, got, ok, group)
		}
	}
	for _, bad := range []string{"", "&", "&buddies", "&BUDDIES", "Friends", "#Friends", "&a b", "&a,b", "&%-", "&\xff"} {
		if got, ok := Group(bad); ok || got != "" {
			t.Errorf("Group(%q) = %q", bad, got)
		}
	}
}

var genRoom = rapid.OneOf(
	rapid.StringMatching(`[ -~]{1,20}`),
	rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{
		"%", "%", "2", "5", "F", "f", "23", "_", " ", "#", "&", "-", ",", ":", "\x07", "\x00", "\n", "é", "\u0085", "\xff", "\xc2", "a", "buddies",
	}), 1, 8), func(s []string) string { return strings.Join(s, "") }),
	rapid.String(),
)

// TestChannelBijection: legal channels, nothing lost, nothing confused.
func TestChannelBijection(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		room := genRoom.Draw(t, "room")
		exchange := rapid.IntRange(4, 5).Draw(t, "exchange")
		channel := Channel(exchange, room)
		checkChannel(t, channel)
		if ex, back, ok := Room(channel); room != "" && (!ok || ex != exchange || back != room) {
			t.Fatalf("%d %q -> %q -> %d %q", exchange, room, channel, ex, back)
		}
		group := GroupChannel(room)
		checkChannel(t, group)
		if back, ok := Group(group); room != "" && (!ok || back != room) {
			t.Fatalf("%q -> %q -> %q", room, group, back)
		}
		if foldsTo(group, Buddies) {
			t.Fatalf("group %q is the buddy list", room)
		}
	})
}

func checkChannel(t *rapid.T, channel string) {
	if !utf8.ValidString(channel) || len(channel) < 2 {
		t.Fatalf("%q is no channel", channel)
	}
	for _, r := range channel {
		if r <= ' ' || r == ',' || r == ':' || r == 0x7f || 0x80 <= r && r < 0xa0 {
			t.Fatalf("%q: %q in a channel", channel, r)
		}
	}
}

func FuzzRoom(f *testing.F) {
	for _, s := range []string{"#a", "##a_b", "#%23", "&x", "&&Buddies", "#%", "#%ff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, channel string) {
		if ex, room, ok := Room(channel); ok {
			again := Channel(ex, room)
			if ex2, room2, ok := Room(again); !ok || ex2 != ex || room2 != room {
				t.Errorf("%q -> %d %q -> %q -> %d %q", channel, ex, room, again, ex2, room2)
			}
		}
		if group, ok := Group(channel); ok {
			if again, ok := Group(GroupChannel(group)); !ok || again != group {
				t.Errorf("%q -> %q -> %q", channel, group, again)
			}
		}
	})
}

func BenchmarkChannel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, room, _ := Room(Channel(4, "My Room")); room != "My Room" {
			b.Fatal(room)
		}
	}
}
