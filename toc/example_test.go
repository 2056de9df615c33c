package toc_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocbridge/toc"
)

// A session: sign on, read events, answer messages.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := toc.SignOn(ctx, "127.0.0.1:1", toc.Login{Name: "Cool Guy", Password: "secret"})
	var refused toc.ServerError
	switch {
	case errors.As(err, &refused):
		fmt.Println("AIM says:", refused)
		return
	case err != nil:
		fmt.Println("no connection")
		return
	}
	defer c.SignOff()
	c.Send(toc.InitDone{})
	for {
		e, err := c.Recv()
		if err != nil {
			return // the session is over
		}
		if im, ok := e.(toc.IMIn); ok && !im.Auto {
			c.Send(toc.SendIM{To: im.From, Text: "I am <B>not</B> here.", Auto: true})
		}
	}
	// Output: no connection
}

func ExampleParseEvent() {
	e, err := toc.ParseEvent("UPDATE_BUDDY2:Dave Jones:T:13:1795368676:5: UU:")
	b := e.(toc.BuddyUpdate)
	fmt.Println(b.Name, b.Name.Key(), b.Class.Away(), b.Warning, b.Idle, err)
	// Output: Dave Jones davejones true 13 5 <nil>
}

func ExampleSendIM() {
	fmt.Println(toc.SendIM{To: "Cool Guy", Text: `say "hi" <B>now</B> \o/`}.Line())
	// Output: toc2_send_im coolguy "say &quot;hi&quot; <B>now</B> \\o/"
}

func ExampleServerError() {
	e, _ := toc.ParseEvent("ERROR:901:Dave Jones")
	fmt.Println(e.(toc.ServerError))
	// Output: Dave Jones is not signed on, or does not let you see them. (AIM error 901)
}
