package demo

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/local/clock"
)

func TestEveryFirstLookIsToldOnceWhetherItSettlesOrNot(t *testing.T) {
	w := newWatcher(clock.Real())
	var told []string
	w.looked = func(object string) { told = append(told, object) }
	w.objects = map[string]string{"1": "lags", "2": "settles at once"}
	w.judged(`{"messages":[],"lagging":[{"messageId":"1"}],"summary":{"objects":[{"messageId":"2"}]}}`)
	w.judged(`{"messages":[],"summary":{"objects":[{"messageId":"2"},{"messageId":"1"}]}}`)
	assert.Equal(t, []string{"lags", "settles at once"}, told)
}
