package local

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhoDeploysIsAskedForAPermissionForEachTypeThatHasAnEffect(t *testing.T) {
	for name, known := range (&Stack{}).types() {
		if known.Why == "" {
			assert.NotNil(t, known.Asks, "%s: say with Asking what creating it takes", name)
		}
	}
}
