package richtext

import "strings"

// Color is a colour of text or background. The zero value is "not set".
type Color struct {
	Set     bool
	R, G, B uint8
}

var (
	black = rgb(0x000000)
	white = rgb(0xffffff)
)

func rgb(v uint32) Color { return Color{true, uint8(v >> 16), uint8(v >> 8), uint8(v)} }

// appendHex adds "#rrggbb".
func (c Color) appendHex(dst []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '#')
	for _, v := range [...]uint8{c.R, c.G, c.B} {
		dst = append(dst, digits[v>>4], digits[v&15])
	}
	return dst
}

// parseColor reads an HTML colour: #rrggbb, #rgb, either without the "#", or a name. What it
// cannot read is "not set".
func parseColor(s string) Color {
	s = strings.TrimSpace(s)
	if len(s) > 20 {
		return Color{}
	}
	if v, ok := colorNames[strings.ToLower(s)]; ok {
		return rgb(v)
	}
	s = strings.TrimPrefix(s, "#")
	v, ok := parseHex(s)
	switch {
	case ok && len(s) == 6:
		return rgb(v)
	case ok && len(s) == 3:
		r, g, b := v>>8, v>>4&15, v&15
		return rgb(r*17<<16 | g*17<<8 | b*17)
	}
	return Color{}
}

// parseHex reads up to six hexadecimal digits.
func parseHex(s string) (v uint32, ok bool) {
	if s == "" || len(s) > 6 {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		d := hexDigit(s[i])
		if d < 0 {
			return 0, false
		}
		v = v<<4 | uint32(d)
	}
	return v, true
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// mircColor is the colour of a mIRC colour number; 99 and what is not a number are "not set".
func mircColor(n int) Color {
	if n < 0 || n >= len(mircPalette) {
		return Color{}
	}
	return rgb(mircPalette[n])
}

// basicBonus is how much farther (squared distance in RGB) one of the 16 colours that every
// client knows may be than one of the other 83 and still be preferred.
const basicBonus = 1600

// mircNumber is the mIRC colour number nearest to c: an exact match if there is one.
func mircNumber(c Color) int {
	best, bestDist := 0, 1<<30
	for n, v := range mircPalette {
		d := distance(c, rgb(v))
		if d == 0 {
			return n
		}
		if n >= 16 {
			d += basicBonus
		}
		if d < bestDist {
			best, bestDist = n, d
		}
	}
	return best
}

func distance(a, b Color) int {
	r, g, bl := int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B)
	return r*r + g*g + bl*bl
}

// mircPalette: 16 to 98 as in modern.ircdocs.horse/formatting#colors-16-98; 0 to 15 are the
// client's choice, here mIRC's with pure green (9) and blue (12).
var mircPalette = [99]uint32{
	0xffffff, 0x000000, 0x00007f, 0x009300, 0xff0000, 0x7f0000, 0x9c009c, 0xfc7f00,
	0xffff00, 0x00ff00, 0x009393, 0x00ffff, 0x0000ff, 0xff00ff, 0x7f7f7f, 0xd2d2d2,
	0x470000, 0x472100, 0x474700, 0x324700, 0x004700, 0x00472c, 0x004747, 0x002747, 0x000047, 0x2e0047, 0x470047, 0x47002a,
	0x740000, 0x743a00, 0x747400, 0x517400, 0x007400, 0x007449, 0x007474, 0x004074, 0x000074, 0x4b0074, 0x740074, 0x740045,
	0xb50000, 0xb56300, 0xb5b500, 0x7db500, 0x00b500, 0x00b571, 0x00b5b5, 0x0063b5, 0x0000b5, 0x7500b5, 0xb500b5, 0xb5006b,
	0xff0000, 0xff8c00, 0xffff00, 0xb2ff00, 0x00ff00, 0x00ffa0, 0x00ffff, 0x008cff, 0x0000ff, 0xa500ff, 0xff00ff, 0xff0098,
	0xff5959, 0xffb459, 0xffff71, 0xcfff60, 0x6fff6f, 0x65ffc9, 0x6dffff, 0x59b4ff, 0x5959ff, 0xc459ff, 0xff66ff, 0xff59bc,
	0xff9c9c, 0xffd39c, 0xffff9c, 0xe2ff9c, 0x9cff9c, 0x9cffdb, 0x9cffff, 0x9cd3ff, 0x9c9cff, 0xdc9cff, 0xff9cff, 0xff94d3,
	0x000000, 0x131313, 0x282828, 0x363636, 0x4d4d4d, 0x656565, 0x818181, 0x9f9f9f, 0xbcbcbc, 0xe2e2e2, 0xffffff,
}

// colorNames: the 16 of HTML 4 and those that AIM's users liked to type.
var colorNames = map[string]uint32{
	"black": 0x000000, "silver": 0xc0c0c0, "gray": 0x808080, "grey": 0x808080, "white": 0xffffff,
	"maroon": 0x800000, "red": 0xff0000, "purple": 0x800080, "fuchsia": 0xff00ff, "magenta": 0xff00ff,
	"green": 0x008000, "lime": 0x00ff00, "olive": 0x808000, "yellow": 0xffff00, "navy": 0x000080,
	"blue": 0x0000ff, "teal": 0x008080, "aqua": 0x00ffff, "cyan": 0x00ffff, "orange": 0xffa500,
	"pink": 0xffc0cb, "hotpink": 0xff69b4, "deeppink": 0xff1493, "brown": 0xa52a2a, "gold": 0xffd700,
	"violet": 0xee82ee, "indigo": 0x4b0082, "crimson": 0xdc143c, "darkblue": 0x00008b,
	"darkgreen": 0x006400, "darkred": 0x8b0000, "lightblue": 0xadd8e6, "lightgreen": 0x90ee90,
	"skyblue": 0x87ceeb, "tan": 0xd2b48c, "turquoise": 0x40e0d0, "salmon": 0xfa8072, "coral": 0xff7f50,
}
