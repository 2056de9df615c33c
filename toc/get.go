package toc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// What goes wrong with the pages of GOTO_URL (ref 4.3).
var (
	ErrNoProfile      = errors.New("toc: this user is unavailable")              // 404
	ErrProfileBusy    = errors.New("toc: too many pages fetched, wait a minute") // 429: ten a minute
	ErrProfileExpired = errors.New("toc: the page's address has expired, ask again")
	ErrPageTooBig     = errors.New("toc: the page is too big")
)

// Limits of a page, in bytes.
const (
	maxPage   = 256 << 10
	maxHeader = 16 << 10
)

// Get fetches the page of a GotoURL by HTTP from the server this session is
// connected to, and from nowhere else: redirects are errors. The address is
// good for 60 s. Page is HTML as the server made it, see ProfileHTML; its text
// went through DecodeText.
func (c *Client) Get(ctx context.Context, u GotoURL) (page string, err error) {
	page, err = c.get(ctx, u)
	if err != nil {
		return "", fmt.Errorf("fetch %s from %s: %w", printable(u.Window), c.addr, err)
	}
	return page, nil
}

// get speaks HTTP by hand, as the transport of net/http has goroutines.
func (c *Client) get(ctx context.Context, u GotoURL) (string, error) {
	addr := c.pageAddr()
	conn, err := c.login.Dial(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	page, err := getPage(conn, addr, u.Path)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return page, err
}

// pageAddr is the address of the very machine we are connected to: AOL had
// many behind a name. A Dial of one's own may lead through a proxy, so that it
// gets the address that worked for it before.
func (c *Client) pageAddr() string {
	if a, ok := c.conn.RemoteAddr().(*net.TCPAddr); ok && c.dialed {
		return a.String()
	}
	return c.addr
}

func getPage(conn net.Conn, host, path string) (string, error) {
	_, err := fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: tocbridge\r\nConnection: close\r\n\r\n",
		cleanPath(path), host)
	if err != nil {
		return "", err
	}
	r := bufio.NewReader(io.LimitReader(conn, maxHeader+maxPage))
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if err := pageStatus(res); err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxPage+1))
	switch {
	case len(b) > maxPage || errors.Is(err, io.ErrUnexpectedEOF) && len(b) > maxPage-maxHeader:
		return "", ErrPageTooBig
	case err != nil:
		return "", err
	}
	return DecodeText(string(b)), nil
}

func pageStatus(res *http.Response) error {
	switch res.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound:
		return ErrNoProfile
	case http.StatusTooManyRequests:
		return ErrProfileBusy
	case http.StatusForbidden, http.StatusBadRequest:
		return ErrProfileExpired
	}
	return fmt.Errorf("the server answers %s", printable(res.Status))
}

// cleanPath makes one word of a path, so that nothing in it ends the request
// line.
func cleanPath(path string) string {
	var b strings.Builder
	for _, c := range []byte(strings.TrimLeft(path, "/")) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ProfileHTML returns the part of a profile page that its owner wrote, or the
// page as it is if it does not look like one of the live server's.
func ProfileHTML(page string) string {
	_, s, ok := strings.Cut(page, "Username : <B>")
	if !ok {
		return page
	}
	_, s, ok = strings.Cut(s, "</B><BR><BR>")
	if !ok {
		return page
	}
	if i := strings.LastIndex(s, "</BODY>"); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSpace(s)
}
