package checker_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
)

// A replica that is gone is looked at again as long as the primary can be read:
// package verdict tries the primary's rows first. A block that both sides let read
// decides all the same.
func TestAReplicaThatIsGoneForAMomentIsReadAgainWhereThePrimaryCanBeRead(t *testing.T) {
	content := bytes.Repeat([]byte("a"), 2*rangeSize+blockSize)
	broken := content[:len(content)-1]
	for name, tt := range map[string]struct {
		primary []byte // as it is read
		differs int    // the byte that does
		want    reason.Code
	}{
		"the primary is whole, the range that was gone differs":   {content, 0, reason.ContentMismatch},
		"the primary is whole, another range differs":             {content, rangeSize, reason.ContentMismatch},
		"the primary breaks off, the range that was gone differs": {broken, 0, reason.Unreachable},
		"the primary breaks off, another range differs":           {broken, rangeSize, reason.ContentMismatch},
		"the primary breaks off in the only range that differs":   {broken, 2 * rangeSize, reason.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			other := bytes.Clone(content)
			other[tt.differs] = 'b'
			p := pair{
				status: "COMPLETED", reading: "inconclusive", faults: map[string]fault{"GetObject copy": {kind: "404", first: 1}},
				primary: copyOf{uploaded: content, stored: tt.primary, encryption: "aws:kms"},
				replica: copyOf{uploaded: other, stored: other, encryption: "AES256"},
			}
			got := p.validate(t)
			assert.True(t, got.is(failed(tt.want)), got)
			assert.Equal(t, p.want(), failed(tt.want), "the reference model")
		})
	}
}
