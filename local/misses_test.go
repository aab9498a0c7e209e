package local

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFailuresOfAnyKindTakeLittleMemoryAndAreAllCounted(t *testing.T) {
	var m misses
	m.note(errors.New("often"))
	for i := range 10_000 {
		m.note(fmt.Errorf("message %d", i))
	}
	m.note(errors.New("often"))
	all, times := m.all(), 0
	for _, u := range all {
		times += u.Times
	}
	assert.Len(t, all, kinds+1)
	assert.Equal(t, 10_002, times)
	assert.Contains(t, all, Undelivered{"often", 2})
}
