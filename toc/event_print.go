package toc

import (
	"strconv"
)

func flag(b bool) string {
	if b {
		return ":T"
	}
	return ":F"
}

func appendField(dst []byte, s string) []byte { return append(append(dst, ':'), s...) }

func appendInt(dst []byte, n int) []byte { return strconv.AppendInt(append(dst, ':'), int64(n), 10) }

func (e SignedOn) Append(dst []byte) []byte { return append(append(dst, "SIGN_ON:"...), e.Version...) }

func (e Nick) Append(dst []byte) []byte { return append(append(dst, "NICK:"...), e.Name...) }

func (e ServerError) Append(dst []byte) []byte {
	dst = appendInt(append(dst, "ERROR"...), e.Code)
	if e.Arg != "" {
		dst = appendField(dst, e.Arg)
	}
	return dst
}

func (e IMIn) Append(dst []byte) []byte {
	switch e.Form {
	case IM1:
		dst = appendField(append(dst, "IM_IN"...), string(e.From))
		dst = append(dst, flag(e.Auto)...)
	case IM2:
		dst = appendField(append(dst, "IM_IN2"...), string(e.From))
		dst = append(append(dst, flag(e.Auto)...), flag(e.Whisper)...)
	default:
		dst = appendField(append(dst, "IM_IN_ENC2"...), string(e.From))
		dst = append(append(dst, flag(e.Auto)...), flag(e.Whisper)...)
		dst = appendField(append(dst, flag(e.TOC2)...), string(e.Class))
		dst = appendField(append(dst, flag(e.Given)...), e.Encoding)
		dst = appendField(dst, e.Language)
	}
	return appendField(dst, e.Text)
}

func (e BuddyUpdate) Append(dst []byte) []byte {
	name := "UPDATE_BUDDY2"
	if e.V1 {
		name = "UPDATE_BUDDY"
	}
	dst = appendField(append(dst, name...), string(e.Name))
	dst = appendInt(append(dst, flag(e.Online)...), e.Warning)
	epoch := 0
	if !e.SignOn.IsZero() {
		epoch = int(e.SignOn.Unix())
	}
	dst = appendInt(appendInt(dst, epoch), e.Idle)
	dst = appendField(dst, string(e.Class))
	if !e.V1 {
		dst = appendField(dst, e.ICQStatus)
	}
	return dst
}

func (e BuddyCaps) Append(dst []byte) []byte {
	dst = append(appendField(append(dst, "BUDDY_CAPS2"...), string(e.Name)), ':')
	for i, c := range e.Caps {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c...)
	}
	return dst
}

func (e Typing) Append(dst []byte) []byte {
	return appendInt(appendField(append(dst, "CLIENT_EVENT2"...), string(e.From)), int(e.State))
}

func (e NewBuddyReply) Append(dst []byte) []byte {
	return appendField(appendField(append(dst, "NEW_BUDDY_REPLY2"...), string(e.Name)), e.Status)
}

func (e Inserted) Append(dst []byte) []byte {
	dst = append(append(dst, "INSERTED2:"...), byte(e.Kind))
	switch e.Kind {
	case ListGroup:
		return appendField(dst, e.Group)
	case ListBuddy, ListICQ:
		return appendField(appendField(appendField(dst, e.Alias), string(e.Name)), e.Group)
	}
	return appendField(dst, string(e.Name))
}

func (e Deleted) Append(dst []byte) []byte {
	dst = append(append(dst, "DELETED2:"...), byte(e.Kind))
	switch e.Kind {
	case ListGroup:
		return appendField(dst, e.Group)
	case ListBuddy, ListICQ:
		return appendField(appendField(dst, string(e.Name)), e.Group)
	}
	return appendField(dst, string(e.Name))
}

func (e Updated) Append(dst []byte) []byte {
	dst = append(append(dst, "UPDATED2:"...), byte(e.Kind))
	return appendField(appendField(appendField(dst, string(e.Name)), e.Group), e.Alias)
}

func (e ChatJoined) Append(dst []byte) []byte {
	return appendField(appendInt(append(dst, "CHAT_JOIN"...), e.Room), e.Name)
}

func (e ChatLeft) Append(dst []byte) []byte { return appendInt(append(dst, "CHAT_LEFT"...), e.Room) }

func (e ChatMembers) Append(dst []byte) []byte {
	dst = append(appendInt(append(dst, "CHAT_UPDATE_BUDDY"...), e.Room), flag(e.Here)...)
	for _, n := range e.Names {
		dst = appendField(dst, string(n))
	}
	if len(e.Names) == 0 {
		dst = append(dst, ':')
	}
	return dst
}

func (e ChatIn) Append(dst []byte) []byte {
	name := "CHAT_IN"
	if e.Enc {
		name = "CHAT_IN_ENC"
	}
	dst = appendField(appendInt(append(dst, name...), e.Room), string(e.From))
	dst = append(dst, flag(e.Whisper)...)
	if e.Enc {
		dst = appendField(appendField(dst, e.Encoding), e.Language)
	}
	return appendField(dst, e.Text)
}

func (e ChatInvite) Append(dst []byte) []byte {
	dst = appendInt(appendField(append(dst, "CHAT_INVITE"...), e.Name), e.Room)
	return appendField(appendField(dst, string(e.From)), e.Text)
}

func (e Evil) Append(dst []byte) []byte {
	return appendField(appendInt(append(dst, "EVILED"...), e.Level), string(e.By))
}

func (e GotoURL) Append(dst []byte) []byte {
	return appendField(appendField(append(dst, "GOTO_URL"...), e.Window), e.Path)
}

func (e DirStatus) Append(dst []byte) []byte {
	return appendField(append(dst, "DIR_STATUS"...), e.Code)
}

func (e AdminNick) Append(dst []byte) []byte {
	return appendField(append(dst, "ADMIN_NICK_STATUS"...), e.Code)
}

func (e AdminPassword) Append(dst []byte) []byte {
	return appendField(append(dst, "ADMIN_PASSWD_STATUS"...), e.Code)
}

func (e RvousPropose) Append(dst []byte) []byte {
	dst = appendField(append(dst, "RVOUS_PROPOSE"...), string(e.From))
	dst = appendInt(appendField(appendField(dst, e.UUID), e.Cookie), e.Seq)
	dst = appendField(appendField(appendField(dst, e.RendezvousIP), e.ProposerIP), e.VerifiedIP)
	dst = appendInt(dst, e.Port)
	for _, t := range e.TLVs {
		dst = appendField(appendInt(dst, t.Tag), t.Value)
	}
	return dst
}

func (e BART) Append(dst []byte) []byte {
	return appendField(appendField(append(dst, "BART2"...), string(e.Name)), e.Data)
}

func (e Pause) Append(dst []byte) []byte { return append(dst, "PAUSE"...) }

func (e Unknown) Append(dst []byte) []byte { return append(dst, e.Text...) }
