package price_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/cmd/autobackup/price"
)

func TestDollarsAreShownInCentsAndLittleNeverAsNothing(t *testing.T) {
	for dollars, want := range map[float64]string{
		0: "$0.00", 1: "$1.00", 6810: "$6810.00", 0.123: "$0.12", 0.01: "$0.01", 0.00999: "$0.01", 0.005: "$0.005", 0.0004: "$0.0004", 0.000456: "$0.00046", 0.00000012: "$0.00000012",
	} {
		assert.Equal(t, want, price.Text(dollars), dollars)
	}
}
