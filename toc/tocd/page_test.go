package tocd

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocbridge/toc"
)

// ask sends a command that a GOTO_URL answers and returns its address.
func (l *lab) ask(c *link, line string) string {
	l.t.Helper()
	l.say(c, line)
	f := strings.SplitN(c.url(), ":", 3)
	if len(f) != 3 {
		l.t.Fatalf("%s: no GOTO_URL but %q", line, c.take())
	}
	l.quiet(c)
	return "/" + f[2]
}

// fetch gets a page from an address of its own.
func (l *lab) fetch(path string) (int, string) {
	l.t.Helper()
	l.hosts++
	resp, body := l.net.get(l.t, fmt.Sprintf("127.3.%d.%d:80", l.hosts/250, l.hosts%250), path)
	return resp.StatusCode, body
}

func profileOf(name, text string) string {
	return "\n<HTML><HEAD><TITLE>Profile Lookup</TITLE></HEAD><BODY>\nUsername : <B>" + name + "</B><BR><BR>\n" + text + "\n</BODY></HTML>"
}

func TestProfiles(t *testing.T) {
	for profile, want := range map[string]string{
		"plain":                      "plain",
		"a &lt;b&gt; &amp; &eacute;": "a <b> & é",
		"<HTML><BODY BGCOLOR='#fff'><B CLASS=x>t</B></BODY></HTML>":      `<b class="x">t</b>`,
		"one<BR>two<br/>three<HR>":                                       "one<br>twothree<hr>",
		"<script>alert(1)</script><IMG SRC=x><!-- c -->":                 "alert(1)",
		"<A HREF='http://example.com/?a=1:2'>link</A>":                   `<a href="http://example.com/?a=1:2">link</a>`,
		"<U>u</U><I>i</I><S>s</S><SUB>1</SUB><SUP>2</SUP><FONT>f</FONT>": "<u>u</u><i>i</i><s>s</s><sub>1</sub><sup>2</sup><font>f</font>",
		"": "",
	} {
		t.Run(profile, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				alice, bob := l.on("Alice Smith"), l.on("bob")
				l.say(bob, toc.SetInfo{Text: profile}.Line())
				code, body := l.fetch(l.ask(alice, "toc_get_info bob"))
				if code != 200 || body != profileOf("bob", want) {
					t.Errorf("%d %q, want %q", code, body, want)
				}
			})
		})
	}
}

func TestWhoseProfile(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, one, two := l.on("Alice Smith"), l.on("bob"), l.on("bob")
		l.say(one, `toc_set_info "first"`)
		wait(time.Second)
		l.say(two, `toc_set_info "second"`)
		check := func(c *link, line, name, want string, wantCode int) {
			t.Helper()
			code, body := l.fetch(l.ask(c, line))
			if wantCode == 200 {
				want = profileOf(name, want)
			}
			if code != wantCode || body != want {
				t.Errorf("%s: %d %q, want %d %q", line, code, body, wantCode, want)
			}
		}
		check(alice, `toc_get_info "B o b"`, "B o b", "second", 200) // the newest; the name as asked
		check(two, "toc_get_info bob", "bob", "first", 200)          // oneself: that of the first session
		two.drop()
		check(alice, "toc_get_info bob", "bob", "first", 200)
		check(alice, "toc_get_info nobody", "", "user is unavailable\n", 404) // trap 21
		check(alice, "toc_get_info carol", "", "user is unavailable\n", 404)
		l.say(one, "toc2_add_deny alicesmith")
		l.say(one, "toc2_set_pdmode 4")
		check(alice, "toc_get_info bob", "", "user is unavailable\n", 404)
	})
}

// TestCookieLife is trap 21.
func TestCookieLife(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice := l.on("Alice Smith")
		path := l.ask(alice, "toc_get_info alicesmith")
		wait(59 * time.Second)
		if code, _ := l.fetch(path); code != 200 {
			t.Errorf("after 59 s: %d", code)
		}
		wait(2 * time.Second)
		if code, body := l.fetch(path); code != 403 || body != "invalid auth cookie\n" {
			t.Errorf("after 61 s: %d %q", code, body)
		}
	})
}

func TestPageRefusals(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice := l.on("Alice Smith")
		cookie := strings.SplitN(strings.SplitN(l.ask(alice, "toc_get_info x"), "cookie=", 2)[1], "&", 2)[0]
		forged := cookie[:len(cookie)-1] + "0"
		if forged == cookie {
			forged = cookie[:len(cookie)-1] + "1"
		}
		for path, want := range map[string]string{
			"/":                                       "404 404 page not found",
			"/info/":                                  "404 404 page not found",
			"/info":                                   "400 required `cookie` param is missing",
			"/info?cookie=":                           "400 required `cookie` param is missing",
			"/info?cookie=zz":                         "403 invalid auth cookie",
			"/info?cookie=00":                         "403 invalid auth cookie",
			"/info?cookie=0010":                       "403 invalid auth cookie",
			"/info?cookie=" + forged:                  "403 invalid auth cookie",
			"/info?cookie=" + cookie[:8]:              "403 invalid auth cookie",
			"/info?cookie=" + cookie:                  "400 required `from` param is missing",
			"/info?from=bob&cookie=" + cookie:         "400 required `user` param is missing",
			"/info?from=bob&user=x&cookie=" + cookie:  "403 invalid session",
			"/dir_info?cookie=" + cookie:              "400 required `user` param is missing",
			"/dir_info?user=nobody&cookie=" + cookie:  "404 no user directory info found",
			"/dir_search?cookie=" + cookie:            "400 missing search parameters",
			"/dir_search?city=x&cookie=" + cookie:     "400 missing search parameters",
			"/dir_search?last_name=&cookie=" + cookie: "400 missing search parameters",
		} {
			code, body := l.fetch(path)
			if got := fmt.Sprint(code, " ", strings.TrimSuffix(body, "\n")); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
	})
}

func TestFetchLimit(t *testing.T) {
	inLab(t, Options{ConnectLimit: true}, func(l *lab) {
		fetch := func(from string) int {
			resp, _ := l.net.get(t, from, "/info?cookie=00")
			return resp.StatusCode
		}
		for i := range 10 {
			if code := fetch("10.0.0.1:1"); code != 403 {
				t.Errorf("fetch %d: %d", i+1, code)
			}
		}
		if code := fetch("10.0.0.1:2"); code != 429 {
			t.Errorf("the eleventh: %d", code)
		}
		if code := fetch("10.0.0.2:1"); code != 403 {
			t.Errorf("another address: %d", code)
		}
		wait(61 * time.Second)
		if code := fetch("10.0.0.1:3"); code != 403 {
			t.Errorf("a minute later: %d", code)
		}
		// Sign-ons count for themselves.
		l.gets(func() *link {
			c := l.connectFrom("10.0.0.1:4")
			l.signOnAt(c, toc.Login2, "bob", "pwbob")
			return c
		}(), "SIGN_ON:TOC2.0", "NICK:bob", `CONFIG2:done:\n`)
	})
}

func TestDirectory(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		alice, bob := l.on("Alice Smith"), l.on("bob")
		l.say(alice, `toc_set_dir "Al+ice:Q:<Smith>:Jones:New York:NY:US:a@example.com:1"`)
		l.say(bob, `toc_set_dir "alice::Baker"`)
		l.gets(alice) // trap 16
		const head, tail = "\n<HTML><HEAD><TITLE>Open OSCAR Server</TITLE></HEAD><BODY><H3>Dir Results</H3>", "</BODY></HTML>"
		row := func(name, rest string) string {
			return "<TR><TD>\n<B>Screen Name:</B> " + name + "<BR>" + rest + "</TD></TR>"
		}
		names := "<B>First Name:</B> Al&#43;ice<BR>"
		place := "<B>Country:</B> US<BR><B>State:</B> NY<BR><B>City:</B> New York<BR>"
		for line, want := range map[string]string{
			"toc_get_dir ALICEsmith":                       "<TABLE>" + row("", names+"<B>Middle Name:</B> Q<BR><B>Last Name:</B> &lt;Smith&gt;<BR><B>Maiden Name:</B> Jones<BR>"+place) + "</TABLE>",
			"toc_get_dir carol":                            "<TABLE>" + row("", "") + "</TABLE>",
			`toc_dir_search "AL+ice"::"<smith>"`:           "<TABLE>" + row("Alice Smith", names+"<B>Last Name:</B> &lt;Smith&gt;<BR>"+place) + "</TABLE>",
			`toc_dir_search "::<smith>:jones:new york:ny"`: "<TABLE>" + row("Alice Smith", names+"<B>Last Name:</B> &lt;Smith&gt;<BR>"+place) + "</TABLE>",
			`toc_dir_search Alice`:                         "<TABLE>" + row("bob", "<B>First Name:</B> alice<BR><B>Last Name:</B> Baker<BR>") + "</TABLE>",
			`toc_dir_search Alice:::Miller`:                "<BR>No results found.",
			`toc_dir_search :::::::a@example.com`:          "<BR>No results found.",
			`toc_dir_search ::::::::::keyword`:             "<BR>No results found.",
		} {
			code, body := l.fetch(l.ask(alice, line))
			if code != 200 || body != head+want+tail {
				t.Errorf("%s: %d %q, want %q", line, code, body, head+want+tail)
			}
		}
		for _, line := range []string{`toc_dir_search ""`, `toc_dir_search`, `toc_set_dir "a:b:c:d:e:f:g:h:i:j"`, `toc_dir_search ::::::::::::x`} {
			l.say(alice, line)
			l.gets(alice, "ERROR:913:internal server error")
		}
	})
}

// raw sends bytes to the HTTP side and returns all that comes back.
func (l *lab) raw(request string) string {
	nc := l.net.dial(l.t, "127.4.0.1:1")
	defer nc.Close()
	go io.WriteString(nc, request)
	answer, _ := io.ReadAll(nc)
	synctest.Wait()
	return string(answer)
}

func TestHTTPOddities(t *testing.T) {
	for what, test := range map[string]struct{ send, want string }{
		"HTTP/1.0":        {"GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 404 Not Found\r\n"},
		"HTTP/1.1":        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"},
		"two in a row":    {"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"},
		"POST":            {"POST /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405 Method Not Allowed\r\n"},
		"HEAD":            {"HEAD /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
		"not HTTP":        {"flapon\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
		"endless headers": {"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 1<<20), ""},
		"nothing more":    {"GET ", ""},
	} {
		t.Run(what, func(t *testing.T) {
			inLab(t, Options{}, func(l *lab) {
				got := l.raw(test.send)
				if !strings.HasPrefix(got, test.want) || test.want == "" && strings.Contains(got, " 200 ") {
					t.Errorf("got %.200q, want %q", got, test.want)
				}
				if what == "two in a row" && strings.Count(got, "HTTP/1.1 404") != 2 {
					t.Errorf("got %q", got)
				}
				if what == "HEAD" && strings.Contains(got, "cookie") {
					t.Errorf("a body: %q", got)
				}
			})
		})
	}
}

func TestSilentHTTP(t *testing.T) {
	inLab(t, Options{}, func(l *lab) {
		half, most := l.connect(), l.connect()
		half.write([]byte("GET / HT"))
		most.write([]byte("GET / HTTP/1.1\r\n"))
		wait(requestTime - time.Second)
		l.gets(half)
		wait(2 * time.Second)
		l.gets(half, "HTTP/1") // 400
		l.gets(most, "EOF")
	})
}
