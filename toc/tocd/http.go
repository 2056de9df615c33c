package tocd

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocbridge/toc"
)

const (
	cookieLife  = time.Minute
	requestTime = 10 * time.Second
	requestSize = 16 << 10
)

// answer is an HTTP response in the making.
type answer struct {
	code int
	body string
}

func fail(code int, text string) answer { return answer{code, text + "\n"} }

// servePages speaks HTTP on a connection that did not begin with FLAP.
func (c *conn) servePages() {
	limited := &io.LimitedReader{R: &c.in}
	in := bufio.NewReaderSize(limited, smallBuf)
	for {
		limited.N = requestSize
		c.nc.SetReadDeadline(time.Now().Add(requestTime))
		req, err := http.ReadRequest(in)
		if err != nil {
			c.refusePage(err)
			return
		}
		a := c.srv.page(c.ip, req)
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			req.Close = true
		}
		c.nc.SetWriteDeadline(time.Now().Add(requestTime))
		if err := a.write(c.nc, req); err != nil || req.Close {
			return
		}
	}
}

const badRequest = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n" +
	"Connection: close\r\n\r\n400 Bad Request"

// refusePage answers what is not HTTP, unless there is nobody to hear it.
func (c *conn) refusePage(err error) {
	var ne net.Error
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &ne) {
		return
	}
	c.nc.SetWriteDeadline(time.Now().Add(requestTime))
	io.WriteString(c.nc, badRequest)
}

func (a answer) write(w io.Writer, req *http.Request) error {
	kind := "text/plain; charset=utf-8"
	if a.code == http.StatusOK {
		kind = "text/html; charset=utf-8"
	}
	resp := http.Response{
		StatusCode: a.code, ProtoMajor: 1, ProtoMinor: req.ProtoMinor, Request: req, Close: req.Close,
		Header:        http.Header{"Content-Type": {kind}, "X-Content-Type-Options": {"nosniff"}},
		ContentLength: int64(len(a.body)), Body: io.NopCloser(strings.NewReader(a.body)),
	}
	return resp.Write(w)
}

// pages are the addresses that GOTO_URL points at.
var pages = map[string]func(*Server, url.Values) answer{
	"/info":       (*Server).infoPage,
	"/dir_info":   (*Server).dirInfoPage,
	"/dir_search": (*Server).dirSearchPage,
}

// page answers a request. The limit per address counts good and bad fetches.
func (s *Server) page(ip string, req *http.Request) answer {
	serve, ok := pages[req.URL.Path]
	switch {
	case !ok:
		return fail(http.StatusNotFound, "404 page not found")
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		return fail(http.StatusMethodNotAllowed, "Method Not Allowed")
	case !s.admit(&s.fetches, ip):
		return fail(http.StatusTooManyRequests, "rate limited")
	}
	q := req.URL.Query()
	switch cookie := q.Get("cookie"); {
	case cookie == "":
		return fail(http.StatusBadRequest, "required `cookie` param is missing")
	case !s.goodCookie(cookie):
		return fail(http.StatusForbidden, "invalid auth cookie")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return serve(s, q)
}

func missing(param string) answer {
	return fail(http.StatusBadRequest, "required `"+param+"` param is missing")
}

// infoPage shows a profile, if the user is there and neither blocks the other.
func (s *Server) infoPage(q url.Values) answer {
	from, name := toc.ScreenName(q.Get("from")), toc.ScreenName(q.Get("user"))
	switch {
	case from == "":
		return missing("from")
	case name == "":
		return missing("user")
	}
	you := s.online(from)
	if you == nil {
		return fail(http.StatusForbidden, "invalid session")
	}
	they := s.online(name)
	if they == nil || they != you && blocked(you, they) {
		return fail(http.StatusNotFound, "user is unavailable")
	}
	return answer{http.StatusOK, profilePage(string(name), they.profile(they == you))}
}

func (s *Server) dirInfoPage(q url.Values) answer {
	name := toc.ScreenName(q.Get("user"))
	if name == "" {
		return missing("user")
	}
	a := s.accounts[name.Key()]
	if a == nil {
		return fail(http.StatusNotFound, "no user directory info found")
	}
	return answer{http.StatusOK, directoryPage([]result{{dir: a.dir}})} // the screen name stays empty
}

// dirSearchPage finds people by name and place. Nothing that TOC can set is
// found by e-mail or keyword.
func (s *Server) dirSearchPage(q url.Values) answer {
	byName := q.Get("first_name") != "" || q.Get("last_name") != ""
	if !byName && (q.Has("first_name") || q.Has("last_name") || !q.Has("email") && !q.Has("keyword")) {
		return fail(http.StatusBadRequest, "missing search parameters")
	}
	var found []result
	for _, a := range s.accounts {
		if byName && a.dir.matches(q) {
			d := directory{first: a.dir.first, last: a.dir.last, state: a.dir.state, city: a.dir.city, country: a.dir.country}
			found = append(found, result{a.name, d})
		}
	}
	slices.SortFunc(found, func(a, b result) int { return strings.Compare(a.name.Key(), b.name.Key()) })
	return answer{http.StatusOK, directoryPage(found)}
}

// cookie makes the key to a page: who asked and until when, signed.
func (s *Server) cookie(key string) string {
	until := s.now().Add(cookieLife).Unix()
	data := binary.BigEndian.AppendUint32(nil, uint32(until))
	data = appendCounted(data, []byte(key))
	return hex.EncodeToString(appendCounted(appendCounted(nil, data), s.sign(data)))
}

func appendCounted(dst, b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(b))), b...)
}

func cutCounted(b []byte) (part, rest []byte) {
	if len(b) < 2 {
		return nil, nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if b = b[2:]; len(b) < n {
		return nil, nil
	}
	return b[:n], b[n:]
}

func (s *Server) sign(data []byte) []byte {
	h := hmac.New(sha256.New, s.seal[:])
	h.Write(data)
	return h.Sum(nil)
}

// goodCookie checks a cookie; whose it is does not matter.
func (s *Server) goodCookie(cookie string) bool {
	raw, err := hex.DecodeString(cookie)
	if err != nil {
		return false
	}
	data, rest := cutCounted(raw)
	sig, _ := cutCounted(rest)
	if len(data) < 4 || !hmac.Equal(sig, s.sign(data)) {
		return false
	}
	return !time.Unix(int64(binary.BigEndian.Uint32(data)), 0).Before(s.now())
}
