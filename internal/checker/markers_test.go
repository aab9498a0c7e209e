package checker_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

func TestDeleteMarkers(t *testing.T) {
	tests := map[string]struct {
		lifecycle bool
		change    func(t *testing.T, st *stage, object, marker string)
		want      want
	}{
		"on both sides": {want: verified(verdict.DeleteMarker)},
		"made by lifecycle, which S3 does not replicate": {lifecycle: true, want: skipped(reason.LifecycleMarker)},
		"an object in its place": {want: failed(reason.ContentMismatch), change: func(_ *testing.T, st *stage, object, marker string) {
			st.served[marker] = object
		}},
		"the right marker under another version": {want: failed(reason.ReplicaMissing), change: func(t *testing.T, st *stage, _, marker string) {
			st.remove(t, replica, "k", marker)
			st.remove(t, replica, "k", "")
		}},
		"its header lost": {want: failed(reason.Unreachable), change: func(_ *testing.T, st *stage, _, _ string) {
			st.header(func(h http.Header) { h.Del("X-Amz-Delete-Marker") })
		}},
		"removed on the replica": {want: failed(reason.ReplicaMissing), change: func(t *testing.T, st *stage, _, marker string) {
			st.remove(t, replica, "k", marker)
		}},
		"removed on the primary, which S3 does not replicate": {want: skipped(reason.SourceDeleted), change: func(t *testing.T, st *stage, _, marker string) {
			st.remove(t, primary, "k", marker)
		}},
		"followed by an upload": {want: verified(verdict.DeleteMarker), change: func(t *testing.T, st *stage, _, _ string) {
			st.put(t, primary, "k", content, method{})
		}},
		"denied on the replica": {want: failed(reason.AccessDenied), change: func(_ *testing.T, st *stage, _, _ string) {
			st.Fault = func(r s3.Request) *s3.Fault {
				if r.Bucket == replica && r.Key != "" {
					return &s3.Fault{Status: http.StatusForbidden}
				}
				return nil
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(t)
				object := st.put(t, primary, "k", content, method{})
				marker := st.remove(t, primary, "k", "")
				st.settle()
				if tt.change != nil {
					tt.change(t, st, object, marker)
				}
				got := st.validate(t, "always", event("k", marker, true, tt.lifecycle))
				assert.True(t, got.is(tt.want), got)
			})
		})
	}
}

func TestAMarkerInTheObjectsPlaceIsAMismatch(t *testing.T) {
	each(t, func(t *testing.T, st *stage, _ kind, version string) {
		st.served[version] = st.remove(t, replica, "k", "")
		got := st.validate(t, "inconclusive", event("k", version, false, false))
		assert.True(t, got.is(failed(reason.ContentMismatch)), got)
	})
}
