package tocd

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"tocbridge/toc"
)

// directory is what toc_set_dir stores, as far as anybody can see it. E-mail
// and the permission to search are ignored.
type directory struct{ first, middle, last, maiden, city, state, country string }

func setInfo(s *session, c toc.SetInfo) error {
	s.profile, s.profileAt = c.Text, s.srv.now()
	return nil
}

// setDir takes first:middle:last:maiden:city:state:country:email:search.
func setDir(s *session, c toc.SetDir) error {
	f := strings.Split(c.Fields, ":")
	for len(f) < 7 {
		f = append(f, "")
	}
	for i := range f {
		f[i] = strings.Trim(f[i], `"`)
	}
	s.user.acct.dir = directory{f[0], f[1], f[2], f[3], f[4], f[5], f[6]}
	return nil
}

// getInfo answers with the address of a page, whoever is asked for.
func getInfo(s *session, c toc.GetInfo) error {
	s.gotoURL("profile", "info", url.Values{"from": {s.user.acct.key}, "user": {string(c.Name)}})
	return nil
}

func getDir(s *session, c toc.GetDir) error {
	s.gotoURL("directory info", "dir_info", url.Values{"user": {string(c.Name)}})
	return nil
}

// searchFields are the fields of toc_dir_search, in order. Two in the middle
// mean nothing.
var searchFields = []string{
	"first_name", "middle_name", "last_name", "maiden_name", "city", "state", "country", "email",
	"nop", "nop", "keyword",
}

func dirSearch(s *session, c toc.DirSearch) error {
	q := url.Values{}
	for i, f := range strings.Split(c.Fields, ":") {
		if i < len(searchFields) && f != "" {
			q.Add(searchFields[i], strings.Trim(f, `"`))
		}
	}
	if len(q) == 0 {
		return errProcessing
	}
	s.gotoURL("search results", "dir_search", q)
	return nil
}

func (s *session) gotoURL(window, page string, q url.Values) {
	q.Set("cookie", s.srv.cookie(s.user.acct.key))
	s.send(toc.GotoURL{Window: window, Path: page + "?" + q.Encode()})
}

// profile gives the newest profile of a user that is not empty; to the user
// itself, that of its first session.
func (u *user) profile(self bool) (text string) {
	if self {
		return u.sessions[0].profile
	}
	var best *session
	for _, s := range u.sessions {
		if s.profile != "" && (best == nil || s.profileAt.After(best.profileAt)) {
			best = s
		}
	}
	if best == nil {
		return ""
	}
	return best.profile
}

// matches reports whether a directory entry has all that is asked for.
func (d directory) matches(q url.Values) bool {
	for field, value := range map[string]string{
		"first_name": d.first, "middle_name": d.middle, "last_name": d.last, "maiden_name": d.maiden,
		"city": d.city, "state": d.state, "country": d.country,
	} {
		if want := q.Get(field); want != "" && lowerASCII(want) != lowerASCII(value) {
			return false
		}
	}
	return true
}

// escapeText escapes text for a page, as Go's html/template does.
var escapeText = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "+", "&#43;", "\x00", "\uFFFD",
).Replace

func profilePage(name, profile string) string {
	return "\n<HTML><HEAD><TITLE>Profile Lookup</TITLE></HEAD><BODY>\n" +
		"Username : <B>" + escapeText(name) + "</B><BR><BR>\n" + reduce(profile) + "\n</BODY></HTML>"
}

// keptTags are the tags of a profile that reach its page.
var keptTags = map[string]bool{
	"b": true, "i": true, "font": true, "a": true, "u": true,
	"br": true, "hr": true, "s": true, "sub": true, "sup": true,
}

// reduce drops all other tags, and decodes the text without encoding it again.
func reduce(profile string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(profile))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.EndTagToken:
			if t := z.Token(); keptTags[t.Data] {
				b.WriteString(t.String())
			}
		case html.TextToken:
			b.Write(z.Text())
		}
	}
}

// result is one person on a directory page.
type result struct {
	name toc.ScreenName
	dir  directory
}

func directoryPage(results []result) string {
	var b strings.Builder
	b.WriteString("\n<HTML><HEAD><TITLE>Open OSCAR Server</TITLE></HEAD><BODY><H3>Dir Results</H3>")
	if len(results) == 0 {
		b.WriteString("<BR>No results found.")
	} else {
		b.WriteString("<TABLE>")
		for _, r := range results {
			b.WriteString("<TR><TD>\n<B>Screen Name:</B> " + escapeText(string(r.name)) + "<BR>")
			for _, f := range [][2]string{
				{"First Name", r.dir.first}, {"Middle Name", r.dir.middle}, {"Last Name", r.dir.last},
				{"Maiden Name", r.dir.maiden}, {"Country", r.dir.country}, {"State", r.dir.state}, {"City", r.dir.city},
			} {
				if f[1] != "" {
					b.WriteString("<B>" + f[0] + ":</B> " + escapeText(f[1]) + "<BR>")
				}
			}
			b.WriteString("</TD></TR>")
		}
		b.WriteString("</TABLE>")
	}
	b.WriteString("</BODY></HTML>")
	return b.String()
}
