package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocbridge/ircd/ircdtest"
	"tocbridge/toc"
	"tocbridge/toc/tocd"
)

// TestProfiles: what one writes another reads, without the page's own header; it is there again after a reconnect, and
// read again only after a minute.
func TestProfiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), ConnectLimit: true}, Options{})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		bob.Send("PRIVMSG *aim :profile set I like \x02trains\x02 & <maps>")
		bob.Expect("PRIVMSG bob :Your profile is set. info bob shows it as others see it.")
		bob.Send("PRIVMSG *aim :profile add see http://t.example")
		bob.Expect("PRIVMSG bob :Your profile is set.*")
		read := func(want ...string) {
			t.Helper()
			alice.Send("PRIVMSG *aim :info bob")
			for _, line := range want {
				alice.Expect("PRIVMSG alice :" + line)
			}
		}
		both := []string{"| I like \x02trains\x02 & <maps>", "| see http://t.example"}
		alice.Send("WHOIS bob")
		for _, m := range alice.Sync() {
			if strings.Contains(m.Trailing(), "trains") {
				t.Errorf("WHOIS knows a profile nobody has read: %s", m)
			}
		}
		read(both...)
		alice.Send("WHOIS bob")
		alice.Expect("320 alice bob :" + both[0])
		alice.Expect("320 alice bob :" + both[1])
		bob.Send("PRIVMSG *aim :profile set another")
		bob.Expect("PRIVMSG bob :Your profile is set.*")
		read(both...) // for a minute
		time.Sleep(cardTime)
		read("| another")
		w.aim.Drop("bob")
		bob.Expect("NOTICE &buddies :Not connected to AIM*")
		time.Sleep(time.Minute)
		bob.Expect("NOTICE &buddies :Signed on to AIM again.")
		read("| another")
		bob.Send("PRIVMSG *aim :profile clear")
		bob.Expect("PRIVMSG bob :Your profile is empty now.")
		time.Sleep(cardTime)
		read("No profile.")
		bob.Send("PRIVMSG *aim :signoff")
		bob.Expect("PRIVMSG bob :" + signedOffText)
		bob.Send("PRIVMSG *aim :profile set I am back")
		bob.Expect("PRIVMSG bob :Kept, and sent at the next sign-on: *")
		bob.Send("PRIVMSG *aim :signon")
		bob.Expect("NOTICE &buddies :Signed on to AIM again.")
		time.Sleep(cardTime)
		read("| I am back")
	})
}

// TestTenPagesAMinute: AIM gives out so many; then it is not asked again before a minute is over, by no account, and what
// is cached is shown all the same.
func TestTenPagesAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob"), ConnectLimit: true}, Options{})
		defer shutdown()
		alice, bob := w.login("alice"), w.login("bob")
		for i := range 10 {
			alice.Send("PRIVMSG *aim :info nobody%d", i)
			alice.Expect("PRIVMSG alice :No profile.")
		}
		alice.Send("PRIVMSG *aim :info bob")
		alice.Expect("PRIVMSG alice :No profile: AIM gives out no more pages for the moment (ten a minute); try again in a minute.")
		bob.Send("PRIVMSG *aim :dir get alice")
		bob.Expect("PRIVMSG bob :AIM refused: AIM gives out no more pages for the moment (ten a minute); try again in *s.")
		alice.Send("PRIVMSG *aim :info nobody3")
		alice.Expect("PRIVMSG alice :No profile.")
		time.Sleep(time.Minute + time.Second)
		alice.Send("PRIVMSG *aim :info bob")
		alice.Expect("PRIVMSG alice :*bob*: online")
		alice.Expect("PRIVMSG alice :No profile.")
	})
}

// TestDirectory: the own entry, somebody's entry, and a search.
func TestDirectory(t *testing.T) {
	t.Parallel()
	w, shutdown := newWorld(t, tocd.Options{Accounts: accounts("alice", "bob")}, Options{})
	defer shutdown()
	alice, bob := w.login("alice"), w.login("bob")
	for _, tc := range []struct {
		c         *ircdtest.Client
		say, want string
	}{
		{alice, "dir get bob", "bob wrote nothing into AIM's directory."},
		{bob, `dir set FIRST=Bob last="de la Rue" city="New <York>" country=US`, "Your entry in AIM's directory is set. dir get bob shows it."},
		{alice, "dir get bob", "| First Name: Bob, Last Name: de la Rue, Country: US, City: New <York>"},
		{alice, `dir search last="DE LA RUE"`, "| Screen Name: bob, First Name: Bob, Last Name: de la Rue, Country: US, City: New <York>"},
		{alice, "dir search last=nobody", "Nobody in AIM's directory matches."},
		{alice, "dir search city=Paris", "A search needs first, last or email."},
		{alice, "dir search email=a@b.example", "Nobody in AIM's directory matches."},
		{alice, "dir get nosuchperson", "nosuchperson is not in AIM's directory."},
		{bob, "dir clear", "Your entry in AIM's directory is empty now."},
		{alice, "dir get bob", "bob wrote nothing into AIM's directory."},
	} {
		tc.c.Send("PRIVMSG &buddies :%s", tc.say)
		tc.c.Expect("PRIVMSG &buddies :" + tc.want)
	}
}

// TestDirectoryOnAOL: AOL answered with DIR_STATUS, and with errors of its own.
func TestDirectoryOnAOL(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	set := toc.SetDir{Fields: "Bob"}
	c.Send("PRIVMSG *aim :dir set first=Bob")
	end.expect(set)
	c.Expect("PRIVMSG alice :Your entry in AIM's directory is set.*")
	for _, tc := range []struct {
		answer toc.Event
		want   string
	}{
		{toc.DirStatus{Code: "0"}, "PRIVMSG alice :Your entry in AIM's directory is set.*"},
		{toc.DirStatus{Code: "5"}, "PRIVMSG alice :Not set: AIM answers with code 5"},
		{toc.ServerError{Code: 973}, "PRIVMSG alice :Not set: *directory*"},
	} {
		end.holdAnswers(true)
		c.Send("PRIVMSG *aim :dir set first=Bob")
		end.expect(set)
		end.tell(tc.answer)
		end.holdAnswers(false)
		c.Expect(tc.want)
	}
	c.Send("PRIVMSG *aim :dir search first=Bob")
	end.expect(toc.DirSearch{Fields: "Bob"})
	end.tell(toc.ServerError{Code: 971})
	c.Expect("PRIVMSG alice :AIM refused: *")
}

// TestReadDir: pages of the directory, also ones no server of ours makes.
func TestReadDir(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("<TR><TD><B>First Name:</B> x<BR></TD></TR>", 25)
	for _, tc := range []struct {
		page string
		want []string
	}{
		{"", nil},
		{"<H3>Dir Results</H3><BR>No results found.", nil},
		{"<TABLE><TR><TD>\n<B>Screen Name:</B> <BR><B>First Name:</B> Al &amp; &#39;C&#39;<BR></TD></TR></TABLE>", []string{"First Name: Al & 'C'"}},
		{"<TR><B>a:</B>1\r\nQUIT<BR><TR><b>b:</b>2<br>", []string{"a: 1 QUIT", "b: 2"}},
		{many, strings.Split(strings.TrimSuffix(strings.Repeat("First Name: x|", 25), "|"), "|")},
	} {
		if diff := cmp.Diff(tc.want, readDir(tc.page)); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", tc.page, diff)
		}
	}
}

// TestManyPeople: a search that finds many shows some and says how many more.
func TestManyPeople(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	for i := range 23 {
		end.page += fmt.Sprintf("<TR><B>Screen Name:</B> p%d<BR>", i)
	}
	c.Send("PRIVMSG *aim :dir search first=x")
	end.expect(toc.DirSearch{Fields: "x"})
	end.tell(toc.GotoURL{Window: "search results", Path: "dir_search?cookie=0&first_name=x"})
	c.Expect("PRIVMSG alice :| Screen Name: p19")
	c.ExpectNext("PRIVMSG alice :3 people more; search for more fields.")
}

// TestFilesAreDeclined: AIM's offer of a file is told, with its name if that is told, and declined.
func TestFilesAreDeclined(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	offer := toc.RvousPropose{From: "Bob", UUID: "09461343-4c7f-11d1-8222-444553540000", Cookie: "Y29va2ll", Seq: 1, Port: 4443}
	decline := toc.RvousCancel{Name: "bob", Cookie: offer.Cookie, UUID: offer.UUID}
	for _, tc := range []struct {
		uuid, tlv string
		want      string
	}{
		{offer.UUID, "", "wants to send you a file, which does not work over this bridge: declined"},
		{offer.UUID, "AAEAAQAAAAVob2xpZGF5DQpRVUlULmpwZwB4", "wants to send you holiday QUIT.jpg, which does not work over this bridge: declined"},
		{offer.UUID, "AAE=", "wants to send you a file, which does not work over this bridge: declined"},
		{offer.UUID, "!", "wants to send you a file, which does not work over this bridge: declined"},
		{"09461345-4c7f-11d1-8222-444553540000", "", "wants to connect directly, which does not work over this bridge: declined"},
	} {
		offer.UUID, decline.UUID, offer.TLVs = tc.uuid, tc.uuid, nil
		if tc.tlv != "" {
			offer.TLVs = []toc.RvousTLV{{Tag: 7, Value: "AAAA"}, {Tag: fileTLV, Value: tc.tlv}}
		}
		end.tell(offer)
		c.Expect(":Bob!* NOTICE alice :" + tc.want)
		end.expect(decline)
	}
}

// TestWhatIsToldOfABuddy: capabilities, an icon, and that somebody has to agree first.
func TestWhatIsToldOfABuddy(t *testing.T) {
	t.Parallel()
	_, c, end := talk(t)
	end.tell(toc.BuddyCaps{Name: "bob", Caps: []string{"748f2420-6287-11d1-8222-444553540000", "09461343-4c7f-11d1-8222-444553540000", "ffffffff-0000-0000-0000-000000000000"}},
		toc.BART{Name: "bob", Data: "AAEC"}, toc.NewBuddyReply{Name: "carol", Status: "auth"}, toc.NewBuddyReply{Name: "zed", Status: "added"})
	c.Expect("NOTICE &buddies :AIM has carol on your list, but they have to agree first that you see them (auth).")
	c.Send("WHOIS bob")
	c.Expect("320 alice bob :has an AIM client that can do chat rooms, file transfer")
	c.Expect("320 alice bob :has a buddy icon, which IRC cannot show")
	end.tell(toc.RvousPropose{}, toc.BART{}, toc.NewBuddyReply{}) // of nobody
	c.Expect("318 ...")
	if got := seen(c); len(got) > 0 {
		t.Errorf("of nobody: %v", got)
	}
}
