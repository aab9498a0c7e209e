package look_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

func TestOnlyAFailedReplicationIsLookedUpAmongTheMarks(t *testing.T) {
	failed := answer{status: 200, header: map[string]string{"ETag": `"e"`, "Content-Length": "3", "x-amz-replication-status": "FAILED"}}
	missing := answer{status: 404}
	for name, tt := range map[string]struct {
		primary, replica answer
		marks            map[string]bool // unexpected ones fail the test
		want             bool
	}{
		"failed and missing, with a mark":    {failed, missing, map[string]bool{"copy": true}, true},
		"failed and missing, without a mark": {failed, missing, map[string]bool{"copy": false}, false},
		"failed, but the replica is there":   {failed, object, nil, false},
		"missing, but not failed":            {object, missing, nil, false},
		"failed, and nobody can see":         {failed, answer{status: 403}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, replicated, map[string]answer{headObject("docs", home): tt.primary, headObject("copy", away): tt.replica})
				f.marks = tt.marks
				assert.Equal(t, tt.want, lookAt(t.Context(), f).Alerted)
			})
		})
	}
}
