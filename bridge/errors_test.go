package bridge

import (
	"testing"

	"tocbridge/ircd/ircdtest"
)

// commandErrors is every command of the table × what can be wrong with it; "" where it cannot be wrong in that way.
var commandErrors = map[string]struct{ few, unknown, notOn []string }{
	"PRIVMSG":     {[]string{"PRIVMSG", "411 alice *"}, []string{"PRIVMSG nobody :x", "401 alice nobody *"}, []string{"PRIVMSG #elsewhere :x", "404 alice #elsewhere *"}},
	"NOTICE":      {nil, nil, nil}, // never answered: TestMessageErrors
	"TAGMSG":      {[]string{"TAGMSG", "411 alice *"}, []string{"@+x=y TAGMSG nobody", "401 alice nobody *"}, []string{"@+x=y TAGMSG #elsewhere", "404 alice #elsewhere *"}},
	"JOIN":        {[]string{"JOIN", "461 alice JOIN *"}, []string{"JOIN &nogroup", "403 alice &nogroup *"}, nil},
	"PART":        {[]string{"PART", "461 alice PART *"}, []string{"PART nothing", "403 alice nothing *"}, []string{"PART #elsewhere", "442 alice #elsewhere *"}},
	"NAMES":       {[]string{"NAMES", "366 alice * *"}, []string{"NAMES #elsewhere", "366 alice #elsewhere *"}, nil},
	"LIST":        {nil, []string{"LIST #elsewhere", "323 alice *"}, nil},
	"TOPIC":       {[]string{"TOPIC", "461 alice TOPIC *"}, []string{"TOPIC #elsewhere", "403 alice #elsewhere *"}, []string{"TOPIC &My_Work :x", "442 alice &My_Work *"}},
	"INVITE":      {[]string{"INVITE bob", "461 alice INVITE *"}, []string{"INVITE b@d #My_Room", "401 alice b@d *"}, []string{"INVITE bob #elsewhere", "442 alice #elsewhere *"}},
	"KICK":        {[]string{"KICK #My_Room", "461 alice KICK *"}, []string{"KICK #elsewhere bob", "403 alice #elsewhere *"}, []string{"KICK &My_Work bob", "442 alice &My_Work *"}},
	"MODE":        {[]string{"MODE", "461 alice MODE *"}, []string{"MODE #elsewhere", "403 alice #elsewhere *"}, []string{"MODE nobody +i", "401 alice nobody *"}},
	"WHO":         {nil, []string{"WHO #elsewhere", "315 alice #elsewhere *"}, nil},
	"WHOIS":       {[]string{"WHOIS", "431 alice *"}, []string{"WHOIS nobody", "401 alice nobody *"}, nil},
	"WHOWAS":      {[]string{"WHOWAS", "431 alice *"}, []string{"WHOWAS nobody", "406 alice nobody *"}, nil},
	"AWAY":        {nil, nil, nil},
	"ISON":        {[]string{"ISON", "461 alice ISON *"}, []string{"ISON nobody", "303 alice :"}, nil},
	"USERHOST":    {[]string{"USERHOST", "461 alice USERHOST *"}, []string{"USERHOST nobody", "302 alice :"}, nil},
	"NICK":        {[]string{"NICK", "431 alice *"}, []string{"NICK :*", "432 alice * *"}, nil},
	"CHATHISTORY": {[]string{"CHATHISTORY", "NOTICE alice :CHATHISTORY: Unknown command"}, []string{"CHATHISTORY LATEST b@d * 5", "NOTICE alice :CHATHISTORY: Messages could not be retrieved"}, nil},
	"MARKREAD":    {[]string{"MARKREAD", "NOTICE alice :MARKREAD: Missing parameters"}, []string{"MARKREAD b@d", "NOTICE alice :MARKREAD: Invalid parameters"}, nil},
	"SEARCH":      {[]string{"SEARCH", "NOTICE alice :SEARCH: Invalid parameters"}, []string{"SEARCH in=b@d", "NOTICE alice :SEARCH: Invalid parameters"}, nil},
	"BOUNCER":     {[]string{"BOUNCER", "461 alice BOUNCER *"}, []string{"BOUNCER DELNETWORK 7", "NOTICE alice :BOUNCER: Network not found"}, nil},
	"SILENCE":     {nil, []string{"SILENCE +*", "401 alice +* *"}, nil},
	"SETNAME":     {[]string{"SETNAME", "461 alice SETNAME *"}, nil, nil},
}

func TestCommandErrors(t *testing.T) {
	t.Parallel()
	for name := range commands {
		if _, ok := commandErrors[name]; !ok {
			t.Errorf("%s is not in the table of errors", name)
		}
	}
	for name, row := range commandErrors {
		if _, ok := commands[name]; !ok {
			t.Errorf("%s is no command", name)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, c, end := inRoom(t, ircdtest.Caps("message-tags"))
			end.mu.Lock()
			end.busy = true
			end.mu.Unlock()
			c.Send("PRIVMSG &buddies :add -group \"My Work\" dave")
			c.Sync()
			unregistered := ircdtest.Dial(t, r.addr)
			unregistered.Send("%s x :y", name)
			if name != "NOTICE" && name != "NICK" && name != "AWAY" {
				unregistered.Expect("451 * *")
			}
			for _, tc := range [][]string{row.few, row.unknown, row.notOn} {
				if tc == nil {
					continue
				}
				c.Send("%s", tc[0])
				c.Expect(tc[1])
			}
		})
	}
}
