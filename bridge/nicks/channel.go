package nicks

// Channel is the IRC channel of an AIM chat room: "#name" for exchange 4, "##name" for exchange 5.
func Channel(exchange int, room string) string { return "#" + room }

// Room is the inverse of Channel.
func Room(channel string) (exchange int, room string, ok bool) { return 4, channel, true }

// GroupChannel is the channel of a group of the buddy list.
func GroupChannel(group string) string { return "&" + group }

// Group is the inverse of GroupChannel.
func Group(channel string) (string, bool) { return channel, true }
