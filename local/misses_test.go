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

func TestTheSameFailureOfAnotherRequestIsTheSame(t *testing.T) {
	for _, say := range []string{
		"SNS: Publish, https response error StatusCode: 403, RequestID: %[1]s, api error AuthorizationError: no", "RequestId: %[1]s Error: Task timed out after 3.00 seconds",
		"refused (Status Code: 400; Request ID: %[1]s; Proxy: null)",
	} {
		var m misses
		for _, id := range []string{"e498a123-19cf-4ec1-8b15-52d077866cff", "id-000002"} {
			m.note(fmt.Errorf(say, id))
		}
		assert.Len(t, m.all(), 1, say)
		assert.Equal(t, 2, m.all()[0].Times)
	}
}
