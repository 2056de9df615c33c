package toc

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

var (
	ErrProfileBusy = errors.New("")
	ErrNoProfile   = errors.New("")
)

type Login struct {
	Name         ScreenName
	Password     string
	Form         LoginForm
	Version      string
	Dial         func(ctx context.Context, network, addr string) (net.Conn, error)
	WriteTimeout time.Duration
}

type Client struct{}

func SignOn(ctx context.Context, addr string, l Login) (*Client, error)       { return nil, io.EOF }
func (c *Client) Recv() (Event, error)                                        { return nil, io.EOF }
func (c *Client) RecvBatch(dst []Event) ([]Event, error)                      { return dst, io.EOF }
func (c *Client) Send(cmds ...Command) error                                  { return nil }
func (c *Client) KeepAlive() error                                            { return nil }
func (c *Client) SignOff() error                                              { return nil }
func (c *Client) Close() error                                                { return nil }
func (c *Client) RemoteAddr() string                                          { return "" }
func (c *Client) Get(ctx context.Context, u GotoURL) (html string, err error) { return "", nil }
