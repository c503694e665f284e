package declare

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// longestDelay is what AWS takes for checkpoint delay and bake time: 172,800
// seconds. See the Auto Scaling API reference, RefreshPreferences.
const longestDelay = 48 * time.Hour

// longestWarmup is the largest number of seconds that AWS's own field holds;
// AWS names no other limit.
const longestWarmup = (1<<31 - 1) * time.Second

var durationShape = regexp.MustCompile(`^([0-9]{1,10}h)?([0-9]{1,10}m)?([0-9]{1,10}s)?$`)

// readDuration reads "10m", "1h30m" or "90s". The name is for the messages.
func readDuration(name string, v any, most time.Duration) (time.Duration, *problem) {
	switch v := v.(type) {
	case string:
		return parseDuration(name, v, most)
	case *big.Float:
		return 0, &problem{
			summary: fmt.Sprintf("%s has no unit: %s", name, shortNumber(v)),
			detail:  durationForm,
			hint:    fmt.Sprintf("If seconds are meant, write \"%ss\".", shortNumber(v)),
		}
	}
	return 0, &problem{
		summary: fmt.Sprintf("%s is %s where a duration is needed", name, kindOf(v)),
		detail:  durationForm,
		hint:    fmt.Sprintf("Write, for example, %s = \"10m\"", name),
	}
}

const durationForm = `A duration is a text with a unit: "90s", "10m", "1h30m".`

func parseDuration(name, text string, most time.Duration) (time.Duration, *problem) {
	if text == "" || !durationShape.MatchString(text) {
		return 0, notADuration(name, text)
	}
	d, err := time.ParseDuration(text)
	if err != nil || d > most {
		return 0, &problem{
			summary: fmt.Sprintf("%s is too long: %s", name, quote(text)),
			detail:  fmt.Sprintf("AWS takes at most %s.", shortDuration(most)),
			hint:    "Write a shorter one.",
		}
	}
	return d, nil
}

func notADuration(name, text string) *problem {
	p := &problem{
		summary: fmt.Sprintf("%s is not a duration: %s", name, quote(text)),
		detail:  durationForm,
		hint:    "Write hours, minutes and seconds, in this order, with h, m and s.",
	}
	switch better := meantDuration(text); {
	case text != "" && strings.Trim(text, "0123456789") == "":
		p.summary = fmt.Sprintf("%s has no unit: %s", name, quote(text))
		p.hint = fmt.Sprintf("If seconds are meant, write %s.", quote(text+"s"))
	case better != "":
		p.hint = fmt.Sprintf("Write %q.", better)
	case strings.HasPrefix(text, "-"):
		p.summary = fmt.Sprintf("%s is negative: %s", name, quote(text))
	}
	return p
}

var unitWords = regexp.MustCompile(`^([0-9]{1,6}(?:\.[0-9]{1,3})?) *(d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)$`)

// meantDuration is how a duration in other people's forms is written here:
// "2d", "10 minutes", "1.5h". Empty when it is none of them, or no whole
// number of seconds.
func meantDuration(text string) string {
	m := unitWords.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return ""
	}
	number, unit := m[1], m[2][:1]
	if unit == "d" {
		return daysInHours(number)
	}
	d, err := time.ParseDuration(number + unit)
	if err != nil || d%time.Second != 0 {
		return ""
	}
	return shortDuration(d)
}

func daysInHours(number string) string {
	d, err := time.ParseDuration(number + "h")
	if err != nil || (24*d)%time.Second != 0 {
		return ""
	}
	return shortDuration(24 * d)
}

// shortDuration writes a duration the way people do here: "48h", not "48h0m0s".
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
