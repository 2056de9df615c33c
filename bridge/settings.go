package bridge

import (
	"maps"
	"slices"
	"strings"
)

// The keys of an account's settings. A key that ends in a space is followed by the toc.ScreenName.Key of somebody.
const (
	settingNotices = "notices" // "off": no notices about away and idle buddies
	settingProfile = "profile" // the own profile, AIM HTML; sent after each sign-on
	settingPrivacy = "privacy" // the privacy mode last set here, a toc.PDMode in digits; sent where the server has none
	settingNick    = "nick "   // the nick that somebody was given with rename
)

// settings are what a user has set and what should outlive the session: short texts by key. They are read when they are
// needed, so that whoever fills them in needs to tell nobody.
type settings struct {
	values map[string]string
}

// setting is the value of a key, "" when it was never set.
func (s *session) setting(key string) string { return s.settings.values[key] }

// setSetting sets a key; "" takes it back.
func (s *session) setSetting(key, value string) {
	if value == s.settings.values[key] {
		return
	}
	s.saveState(kindSetting, key, value)
	if value == "" {
		delete(s.settings.values, key)
		return
	}
	if s.settings.values == nil {
		s.settings.values = map[string]string{}
	}
	s.settings.values[key] = value
}

// settingsOf are the settings whose key begins with prefix, sorted, without the prefix.
func (s *session) settingsOf(prefix string) (names []string) {
	for _, key := range slices.Sorted(maps.Keys(s.settings.values)) {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			names = append(names, name)
		}
	}
	return names
}
