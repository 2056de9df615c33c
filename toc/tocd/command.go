package tocd

import (
	"bytes"
	"errors"

	"tocbridge/toc"
)

// reply is an error that is the answer to a command, sent as it is.
type reply string

func (r reply) Error() string { return string(r) }

// The refusals of the live server. Whatever else goes wrong is errProcessing.
const (
	errCannotWarn = reply("ERROR:902") // without the name
	errLimited    = reply("ERROR:903")
	errBadInput   = reply("ERROR:911")
	errRefused    = reply("ERROR:913")
	errProcessing = reply("ERROR:913:internal server error")
	errLogin      = reply("ERROR:980")

	codeTooOften = toc.ErrTooOften
)

// unavailable refuses a name, spelt as the client spelt it.
func unavailable(name toc.ScreenName) error { return reply("ERROR:901:" + string(name)) }

// refusal is the line that tells of an error.
func refusal(err error) []byte {
	var r reply
	if !errors.As(err, &r) {
		r = errProcessing
	}
	return []byte(r)
}

// command is one entry of the table.
type command struct {
	class int // the rate class it counts in, before it is even parsed; 0: see run
	run   func(*session, toc.Command) error
}

// with adapts a handler to the table.
func with[C toc.Command](class int, handle func(*session, C) error) command {
	return command{class, func(s *session, cmd toc.Command) error {
		c, ok := cmd.(C)
		if !ok {
			return errProcessing
		}
		return handle(s, c)
	}}
}

// commands are all there are; the live server knows no others. Handlers run
// with Server.mu held. Rooms count for themselves, so the chat commands have no
// class here.
var commands = map[string]command{
	"toc_init_done": with(1, initDone),

	"toc_send_im":       with(3, sendIM),
	"toc2_send_im":      with(3, sendIM),
	"toc2_send_im_enc":  with(3, sendIMEnc),
	"toc2_client_event": with(1, sendTyping),
	"toc_rvous_accept":  with(3, rvousAccept),
	"toc_rvous_cancel":  with(3, rvousCancel),
	"toc_evil":          with(1, warn),

	"toc_get_status": with(3, getStatus),
	"toc_set_away":   with(1, setAway),
	"toc_set_idle":   with(1, setIdle),
	"toc_set_caps":   with(1, setCaps),

	"toc_set_info":   with(1, setInfo),
	"toc_get_info":   with(1, getInfo),
	"toc_set_dir":    with(4, setDir),
	"toc_get_dir":    with(1, getDir),
	"toc_dir_search": with(1, dirSearch),

	"toc_format_nickname": with(1, formatNick),
	"toc_change_passwd":   with(1, changePassword),
	"toc_set_config":      with(1, setConfig),

	"toc2_new_group":     with(1, newGroup),
	"toc2_del_group":     with(1, delGroup),
	"toc2_new_buddies":   with(1, newBuddies),
	"toc2_remove_buddy":  with(1, removeBuddies),
	"toc2_set_pdmode":    with(1, setPDMode),
	"toc2_add_permit":    with(1, addPermit),
	"toc2_remove_permit": with(1, removePermit),
	"toc2_add_deny":      with(1, addDeny),
	"toc2_remove_deny":   with(1, removeDeny),
	"toc_add_buddy":      with(2, addTempBuddies),
	"toc_remove_buddy":   with(2, removeTempBuddies),
	"toc_add_permit":     with(2, addTempPermit),
	"toc_add_deny":       with(2, addTempDeny),

	"toc_chat_join":    with(0, chatJoin),
	"toc_chat_accept":  with(0, chatAccept),
	"toc_chat_send":    with(0, chatSend),
	"toc_chat_whisper": with(0, chatWhisper),
	"toc_chat_invite":  with(0, chatInvite),
	"toc_chat_leave":   with(0, chatLeave),
}

// run executes one command line and answers it. Its error ends the connection.
func (s *Server) run(sess *session, line []byte) error {
	name := line
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		name = line[:i]
	}
	cmd, known := commands[string(name)]
	var parsed toc.Command
	var bad error
	if known {
		parsed, bad = toc.ParseCommand(string(line))
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case sess.closed:
		return errSignedOut
	case sess.paused:
		return nil
	}
	err := error(errProcessing)
	if known {
		err = s.execute(sess, cmd, parsed, bad)
	}
	switch {
	case sess.closed:
		return errSignedOut
	case err == errLimited:
		s.refused.Add(1)
		fallthrough
	case err != nil:
		sess.sendLine(refusal(err))
	}
	return nil
}

// execute charges the rate class, then runs the command if it could be parsed.
func (s *Server) execute(sess *session, cmd command, parsed toc.Command, bad error) error {
	if cmd.class != 0 {
		if err := s.charge(sess.user, cmd.class); err != nil {
			return err
		}
	}
	if bad != nil {
		return errProcessing
	}
	return cmd.run(sess, parsed)
}
