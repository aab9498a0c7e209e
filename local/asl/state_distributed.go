package asl

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/uuid"
)

// distributedMap runs a machine for each item, or each batch of items, as an
// execution of its own.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
type distributedMap struct {
	mapState
	child     *Machine
	express   bool
	label     string // of the Map Runs
	reader    *itemReader
	batcher   *itemBatcher
	writer    *resultWriter
	tolerance tolerance
}

// Objects is the S3 that distributed Maps read items from and write results to.
type Objects interface {
	// Get opens an object; version is "" for the current one.
	Get(ctx context.Context, bucket, key, version string) (io.ReadCloser, error)
	// Put stores an object.
	Put(ctx context.Context, bucket, key string, body io.ReadSeeker) error
}

// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const (
	distributedConcurrency = 10_000          // what MaxConcurrency 0 means, and the most at a time
	expressTime            = 5 * time.Minute // the longest that an EXPRESS execution runs
	longestLabel           = 40
)

// distributedFields are those that an inline Map does not have.
var distributedFields = []string{"ItemReader", "ItemBatcher", "ResultWriter", "Label", "ToleratedFailureCount", "ToleratedFailureCountPath",
	"ToleratedFailurePercentage", "ToleratedFailurePercentagePath"}

func loadDistributed(o *object, m mapState, express bool) action {
	d := distributedMap{mapState: m, express: express, child: &Machine{machine: m.processor}}
	if express {
		d.child.timeout = expressTime
	}
	d.label, d.tolerance = o.label(), loadTolerance(o)
	d.reader, d.batcher, d.writer = loadItemReader(o), loadItemBatcher(o), loadResultWriter(o)
	if d.reader != nil && o.has("ItemsPath") {
		o.fail("ItemsPath", "has no effect beside ItemReader: one of the two must go")
	}
	return d
}

// label reads Label. Without one the service makes one up for the definition.
func (o *object) label() string {
	const field = "Label"
	label := o.text(field)
	if !o.has(field) {
		return uuid.NewSHA1(uuid.Nil, []byte(o.at)).String()
	}
	if n := len([]rune(label)); n == 0 || n > longestLabel {
		o.fail(field, "must have 1 to %d characters, not %d", longestLabel, n)
	}
	if i := strings.IndexFunc(label, unfitForLabel); i >= 0 {
		o.fail(field, "must not have the character %q", []rune(label[i:])[0])
	}
	if other, twice := o.labels[label]; twice {
		o.fail(field, "%s has the same: labels are unique in the whole definition", other)
	}
	o.labels[label] = o.path(field)
	return label
}

func unfitForLabel(r rune) bool {
	return r <= ' ' || r >= 0x7f && r <= 0x9f || strings.ContainsRune("?*<>{}[]:;,\\|^~$#%&`\"/", r)
}

func (m distributedMap) run(v *visit, input any) (any, string, error) {
	sc := v.scope()
	effective, err := m.input(sc, input)
	if err != nil {
		return nil, "", err
	}
	var list []any
	if m.reader == nil {
		if list, err = m.list(sc, effective); err != nil {
			return nil, "", err
		}
	}
	wanted, err := m.wantedConcurrency(sc, effective)
	if err != nil {
		return nil, "", err
	}
	if v.run != nil { // begun in another run of the execution
		if err := v.run.goOn(effective); err != nil {
			return nil, "", err
		}
	} else {
		v.record(types.HistoryEvent{Type: types.HistoryEventTypeMapStateStarted,
			MapStateStartedEventDetails: &types.MapStateStartedEventDetails{Length: int32(len(list))}}) // #nosec G115: data is at most 256 KiB
		if v.run, err = m.begin(v, sc, effective, wanted); err != nil {
			return nil, "", err
		}
	}
	result, err := v.run.over(list)
	if err != nil {
		return nil, "", err
	}
	output, err := m.leave(sc, input, result)
	return output, m.next, err
}

// begin computes what the Map Run needs, and starts it. wanted is how many
// children the definition wants at a time, 0 for no limit.
func (m distributedMap) begin(v *visit, sc *scope, effective any, wanted int) (*mapRun, error) {
	v.furnish()
	r := m.newRun(v, effective)
	r.most = capped(wanted, distributedConcurrency)
	var err error
	if r.limit, err = m.tolerance.limit(sc, effective); err != nil {
		return nil, err
	}
	if r.plan, err = m.batcher.plan(sc, effective); err != nil {
		return nil, err
	}
	if r.from, err = m.reader.location(sc, effective); err != nil {
		return nil, err
	}
	r.id = randomID(r.random)
	if r.place, err = m.writer.place(sc, effective); err != nil {
		return nil, err
	}
	r.results, r.failed = m.writer.open(r), r.spool(unsuccessful)
	r.info = MapRun{
		ARN: r.arn("mapRun", r.resource()+":"+r.id), ExecutionARN: v.given.ARN, StateMachineARN: r.arn("stateMachine", r.resource()),
		Status: types.MapRunStatusRunning, MaxConcurrency: wanted, Start: v.clock().Now(),
		ToleratedFailureCount: r.limit.Count, ToleratedFailurePercentage: r.limit.Percentage,
	}
	v.record(types.HistoryEvent{Type: types.HistoryEventTypeMapRunStarted,
		MapRunStartedEventDetails: &types.MapRunStartedEventDetails{MapRunArn: &r.info.ARN}})
	r.begun = v.last
	r.tell()
	return r, nil
}

// newRun is a Map Run before anything is known of it.
func (m distributedMap) newRun(v *visit, effective any) *mapRun {
	return &mapRun{visit: v, of: m, effective: effective, under: map[int]*child{},
		ended: make(chan *child), settled: make(chan struct{})}
}

// resource names the Map in ARNs: "machine/label".
func (r *mapRun) resource() string {
	name, _, _ := strings.Cut(r.given.StateMachineName, "/") // a child's own has a label already
	return name + "/" + r.of.label
}

// arn is an ARN beside the execution's own.
func (x *execution) arn(kind, name string) string {
	parts := strings.SplitN(x.given.ARN, ":", 6)
	if len(parts) < 6 {
		parts = []string{"arn", "aws", "states", "", ""}
	}
	return strings.Join(append(parts[:5:5], kind, name), ":")
}
