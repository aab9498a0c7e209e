package verdict

import (
	"fmt"
	"strconv"
	"strings"

	"autobackup/internal/reason"
)

// ByteVerification says whose bytes are read on both sides. The zero value is
// nobody's: what stored checksums don't decide is then failed INCONCLUSIVE.
type ByteVerification struct {
	Inconclusive bool // where stored checksums don't decide
	PerMille     int  // of those that stored checksums verify: 0 to 1000
}

// sample is the prefix of a value with a number.
const sample = "sample-"

// ParseByteVerification reads the template's parameter: never, inconclusive,
// always, or sample-N with N from 1 to 999 per mille. All but never read what is
// inconclusive, too.
func ParseByteVerification(text string) (ByteVerification, error) {
	switch text {
	case "never":
		return ByteVerification{}, nil
	case "inconclusive":
		return ByteVerification{Inconclusive: true}, nil
	case "always":
		return ByteVerification{Inconclusive: true, PerMille: 1000}, nil
	}
	digits, sampled := strings.CutPrefix(text, sample)
	n, err := strconv.ParseUint(digits, 10, 16)
	if !sampled || err != nil || n < 1 || n > 999 || strconv.FormatUint(n, 10) != digits {
		return ByteVerification{}, fmt.Errorf("%+.40q is none of never, inconclusive, always and sample-N with N from 1 to 999", text)
	}
	return ByteVerification{Inconclusive: true, PerMille: int(n)}, nil
}

// wants says whether to read the bytes of two objects that compare as c.
func (b ByteVerification) wants(c Comparison, ev Event) bool {
	if c.Verified() {
		return ev.Draw < b.PerMille
	}
	return c.Reason == reason.Inconclusive && b.Inconclusive
}
