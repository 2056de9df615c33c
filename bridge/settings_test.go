package bridge

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSettingsAreAMap: what was set last is there, what was taken back is not, and listing finds all under a prefix.
func TestSettingsAreAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, model := &session{}, map[string]string{}
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{settingNotices, settingProfile, settingNick + "bob", settingNick + "coolguy"}).Draw(t, "key")
			value := rapid.SampledFrom([]string{"", "off", "x"}).Draw(t, "value")
			s.setSetting(key, value)
			if delete(model, key); value != "" {
				model[key] = value
			}
		}
		var names []string
		for _, key := range sortedKeys(model) {
			if got := s.setting(key); got != model[key] {
				t.Fatalf("%s is %q, want %q", key, got, model[key])
			}
			if len(key) > len(settingNick) && key[:len(settingNick)] == settingNick {
				names = append(names, key[len(settingNick):])
			}
		}
		if got := s.settingsOf(settingNick); !slices.Equal(got, names) {
			t.Fatalf("nicks of %v, want %v", got, names)
		}
		if s.setting("never set") != "" || len(s.settings.values) != len(model) {
			t.Fatalf("%v, want %v", s.settings.values, model)
		}
	})
}
