package demo

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/local/clock"
)

func TestAStoppedUploadOpensNoFurtherFilesAndTellsWhoStoppedIt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	closed := errors.New("the terminal was closed")
	var opened atomic.Int64
	items := make([]Item, 10_000)
	for i := range items {
		items[i].Open = func() (io.ReadSeekCloser, error) {
			if opened.Add(1) == 20 {
				cancel(closed)
			}
			return nil, errors.New("unreadable")
		}
	}
	err := uploader{run: &run{clock: clock.Real()}}.all(ctx, items)
	assert.Equal(t, closed, err)
	assert.Less(t, opened.Load(), int64(20+2*uploads))
}
