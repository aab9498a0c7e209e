package watch

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"

	"autobackup/internal/s3event"
	"autobackup/local/clock"
)

// tell has a watcher see a round judged.
func tell(w *Watcher, output string) { w.Event("", exited(output)) }

func exited(output string) types.HistoryEvent {
	name := compareState
	return types.HistoryEvent{StateExitedEventDetails: &types.StateExitedEventDetails{Name: &name, Output: &output}}
}

func TestWhatIsKnownIsNotToldAgain(t *testing.T) {
	w := New(clock.Real())
	var settled int
	w.Settled = func(Verdict) { settled++ }
	w.Known("", exited(`{"messages":[],"summary":{"objects":[{"messageId":"1","verdict":"failed"}]}}`))
	tell(w, `{"messages":[],"summary":{"objects":[{"messageId":"1","verdict":"failed"},{"messageId":"2","verdict":"verified"}]}}`)
	assert.Equal(t, 1, settled)
	assert.Len(t, w.Verdicts(), 2)
}

func TestEveryFirstLookIsToldOnceWhetherItSettlesOrNot(t *testing.T) {
	w := New(clock.Real())
	var told, settled []string
	w.Looked = func(object string) { told = append(told, object) }
	w.Settled = func(v Verdict) { settled = append(settled, v.name()+" "+string(v.Verdict)) }
	w.objects = map[string]s3event.ObjectVersion{"1": {Bucket: "b", Key: "lags"}, "2": {Bucket: "b", Key: "settles at once"}}
	tell(w, `{"messages":[],"lagging":[{"messageId":"1"}],"summary":{"objects":[{"messageId":"2","verdict":"failed"},{"messageId":"3","verdict":"failed"}]}}`)
	tell(w, `{"messages":[],"summary":{"objects":[{"messageId":"2","verdict":"failed"},{"messageId":"1","verdict":"verified"}]}}`)
	assert.Equal(t, []string{"s3://b/lags", "s3://b/settles at once", "3"}, told)
	assert.Equal(t, []string{"s3://b/settles at once failed", "3 failed", "s3://b/lags verified"}, settled, "each verdict once")
	assert.Len(t, w.Verdicts(), 3)
}
