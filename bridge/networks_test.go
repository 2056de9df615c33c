package bridge

import (
	"strings"
	"testing"

	"tocbridge/ircd/ircdtest"
)

// AIM is the one network of this bouncer, for clients that ask.
func TestBouncerNetworks(t *testing.T) {
	t.Parallel()
	r := bouncer(t)
	c := r.attach("alice", ircdtest.Caps("batch", "soju.im/bouncer-networks", "soju.im/bouncer-networks-notify"))
	end := r.nextEnd()
	lines := page(t, c, "soju.im/bouncer-networks", "BOUNCER LISTNETWORKS")
	if len(lines) != 1 || lines[0].Param(1) != "1" {
		t.Fatalf("%v", lines)
	}
	for _, want := range []string{"name=AIM", "state=connected", "host=aim.test", "port=9898", "nickname=alice", "tls=0"} {
		if !strings.Contains(";"+lines[0].Param(2)+";", ";"+want+";") {
			t.Errorf("no %s in %s", want, lines[0].Param(2))
		}
	}
	for say, want := range map[string]string{
		"BOUNCER BIND 1":                 "FAIL BOUNCER REGISTRATION_IS_COMPLETED BIND *",
		"BOUNCER DELNETWORK 1":           "FAIL BOUNCER READ_ONLY_ATTRIBUTE DELNETWORK 1 * *",
		"BOUNCER CHANGENETWORK 1 name=x": "FAIL BOUNCER READ_ONLY_ATTRIBUTE CHANGENETWORK 1 name *",
		"BOUNCER CHANGENETWORK 2 name=x": "FAIL BOUNCER INVALID_NETID CHANGENETWORK 2 *",
		"BOUNCER ADDNETWORK host=a;b=c":  "FAIL BOUNCER READ_ONLY_ATTRIBUTE ADDNETWORK * host *",
		"BOUNCER unheard-of":             "FAIL BOUNCER UNKNOWN_COMMAND unheard-of *",
	} {
		c.Send("%s", say)
		c.ExpectNext(want)
	}
	quiet := r.attach("alice", ircdtest.Caps("soju.im/bouncer-networks"))
	end.Close()
	if m := c.Expect("BOUNCER NETWORK 1 *"); !strings.Contains(m.Param(2), "state=connecting") {
		t.Errorf("lost: %v", m)
	}
	r.nextEnd()
	if m := c.Expect("BOUNCER NETWORK 1 *"); !strings.Contains(m.Param(2), "state=connected") {
		t.Errorf("back: %v", m)
	}
	quiet.ExpectNot("BOUNCER ...")
}
