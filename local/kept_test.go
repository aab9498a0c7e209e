package local_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/sns"
	"autobackup/local/sqs"
	"autobackup/local/store"
	"autobackup/local/testing/memnet"
)

// lives are stacks that keep what they come to in one folder, one after the other, in a synctest
// bubble.
type lives struct {
	*local.Stack
	t            *testing.T
	project, dir string
	network      *http.Client
	store        *store.Store
	starts       uint64
	fsync        func(*os.File) error
}

func inLives(t *testing.T, project string, test func(l *lives)) {
	t.Helper()
	l := &lives{project: project, dir: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		var stop func()
		l.network, stop = memnet.Client(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.ServeHTTP(w, r) }))
		defer stop()
		l.t = t
		l.begins()
		defer func() { l.ends() }()
		test(l)
	})
}

// begins begins a life.
func (l *lives) begins() {
	l.t.Helper()
	l.starts++
	var err error
	l.store, err = store.Open(l.dir)
	require.NoError(l.t, err)
	l.store.Fsync = l.fsync
	l.Stack, err = local.Start(l.t.Context(), local.Config{
		Clock: clock.Real(), Project: l.project, Dir: l.dir, Account: account, Seed: l.starts, Store: l.store, URL: "http://127.0.0.1", HTTPClient: l.network,
		Runtime: lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(nowhere), func(string) aws.Config { return aws.Config{} }),
	})
	require.NoError(l.t, err)
	for _, environment := range environments(l.t, l.project) {
		_, err := l.Deploy(environment, nil)
		require.NoError(l.t, err)
	}
	require.NoError(l.t, l.Load())
	require.NoError(l.t, l.Resume())
}

// ends ends a life, as Ctrl-C does.
func (l *lives) ends() {
	l.t.Helper()
	require.NoError(l.t, l.Close())
	require.NoError(l.t, l.store.Broken())
	require.NoError(l.t, l.store.Close())
}

// killed ends a life as a kill does: the next one has the folder as it is now.
func (l *lives) killed() {
	l.t.Helper()
	synctest.Wait()
	left := l.t.TempDir()
	require.NoError(l.t, os.CopyFS(left, os.DirFS(l.dir)))
	l.ends()
	l.dir = left
}

var aMinute = workflow(`"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}`)

func TestAStackGoesOnWithWhatAnotherKeptAndNoIDComesTwice(t *testing.T) {
	folder, dir := copyOfProject(t, []change{aMinute}), t.TempDir()
	environment, err := local.Environment(folder, "default")
	require.NoError(t, err)
	machine := "arn:aws:states:" + environment.Region + ":" + account + ":stateMachine:autobackup-validation-dev"
	synctest.Test(t, func(t *testing.T) {
		network, stop := memnet.Client(http.NotFoundHandler())
		defer stop()
		start := func(kept *local.Kept) *local.Stack {
			stack, err := local.Start(t.Context(), local.Config{
				Clock: clock.Real(), Project: folder, Dir: dir, Account: account, Seed: 7, Kept: kept, URL: "http://127.0.0.1", HTTPClient: network,
				Runtime: lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(nowhere), func(string) aws.Config { return aws.Config{} }),
			})
			require.NoError(t, err)
			_, err = stack.Deploy(environment, nil)
			require.NoError(t, err)
			require.NoError(t, stack.Resume())
			return stack
		}
		names := map[string]bool{}
		begin := func(stack *local.Stack) {
			e, err := stack.States.StartExecution(machine, []byte(`1`))
			require.NoError(t, err)
			assert.False(t, names[e.Name], "%s comes twice", e.Name)
			names[e.Name] = true
		}
		first := start(nil)
		begin(first)
		time.Sleep(61 * time.Second)
		begin(first)
		time.Sleep(20 * time.Second)
		kept, err := first.Suspend()
		require.NoError(t, err)
		text, err := json.Marshal(kept)
		require.NoError(t, err)
		time.Sleep(10 * time.Second)

		var read local.Kept
		require.NoError(t, json.Unmarshal(text, &read))
		second := start(&read)
		defer func() { require.NoError(t, second.Close()) }()
		for range 50 {
			begin(second)
		}
		require.NoError(t, second.WaitIdle(t.Context()))
		all := second.States.Executions()
		require.Len(t, all, 52)
		for _, e := range all {
			assert.Equal(t, types.ExecutionStatusSucceeded, e.Result.Status)
			assert.Equal(t, time.Minute, e.Result.Stop.Sub(e.Result.Start), "no wait is shortened or begun anew")
		}
	})
}

// state is an alarm's, once all minutes until now are evaluated.
func (l *lives) state(alarm string) string {
	l.t.Helper()
	_, err := l.CloudWatch.Evaluate(firstRegion, account)
	require.NoError(l.t, err)
	for _, a := range l.CloudWatch.Alarms(firstRegion, account) {
		if a.Name == alarm {
			return a.State
		}
	}
	return ""
}

// sent is how many messages came to a queue, as CloudWatch has it, by the minute since a time.
func (l *lives) sent(queue string, since time.Time) map[int]float64 {
	l.t.Helper()
	end := time.Now().Add(time.Minute)
	out, err := cloudwatch.NewFromConfig(l.AWSConfig(firstRegion)).GetMetricData(l.t.Context(), &cloudwatch.GetMetricDataInput{
		StartTime: &since, EndTime: &end, MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{Namespace: aws.String("AWS/SQS"), MetricName: aws.String("NumberOfMessagesSent"), Dimensions: []cwtypes.Dimension{{Name: aws.String("QueueName"), Value: &queue}}},
			Period: aws.Int32(60), Stat: aws.String("Sum"),
		}}},
	})
	require.NoError(l.t, err)
	all := map[int]float64{}
	for i, at := range out.MetricDataResults[0].Timestamps {
		all[int(at.Sub(since)/time.Minute)] = out.MetricDataResults[0].Values[i]
	}
	return all
}

func TestAlarmsStillRingAndGraphsGoOnAfterAStopAndAKill(t *testing.T) {
	const queue, alarm = "autobackup-validation-dlq-dev", "autobackup-validation-dlq-not-empty-dev"
	for name, end := range map[string]func(*lives){"a stop": (*lives).ends, "a kill": (*lives).killed} {
		t.Run(name, func(t *testing.T) {
			inLives(t, copyOfProject(t, []change{aMinute}), func(l *lives) {
				t, begin := l.t, time.Now().Truncate(time.Minute)
				park := func() {
					_, err := l.SQS.Send(arnOf("sqs", queue), sqs.Outgoing{Body: "parked"})
					require.NoError(t, err)
				}
				minute := func() { time.Sleep(time.Minute) }
				minute()
				assert.Equal(t, "OK", l.state(alarm))
				park()
				minute()
				assert.Equal(t, "ALARM", l.state(alarm))
				park()
				told := len(l.SNS.Published())
				end(l)
				minute()
				l.begins()
				assert.Equal(t, "ALARM", l.state(alarm))
				assert.Len(t, l.SNS.Published(), told, "who was told is not told again")
				park()
				minute()
				assert.Equal(t, map[int]float64{1: 1, 2: 1, 3: 1}, l.sent(queue, begin))
				require.NoError(t, l.SQS.Purge(arnOf("sqs", queue)))
				time.Sleep(10 * time.Minute)
				assert.Equal(t, "OK", l.state(alarm))
			})
		})
	}
}

// disk is what of files is left when the power fails: of each as much as was there when it was
// synced last, where its name was, too, and those of the folders around it.
type disk struct {
	mu     sync.Mutex
	synced map[string][]byte // files
	named  map[string]bool   // files and folders
}

func (d *disk) fsync(file *os.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.IsDir() {
		d.synced[file.Name()], err = os.ReadFile(file.Name())
		return err
	}
	inside, err := os.ReadDir(file.Name())
	for _, one := range inside {
		d.named[filepath.Join(file.Name(), one.Name())] = true
	}
	return err
}

// powerFails ends a life as a power failure does. The store's own file bbolt takes care of.
func (l *lives) powerFails(d *disk) {
	l.t.Helper()
	synctest.Wait()
	left := l.t.TempDir()
	records, err := os.ReadFile(filepath.Join(l.dir, store.File))
	require.NoError(l.t, err)
	require.NoError(l.t, os.WriteFile(filepath.Join(left, store.File), records, 0o600))
	for name, text := range d.synced {
		folder, err := filepath.Rel(l.dir, filepath.Dir(name))
		require.NoError(l.t, err)
		if d.named[name] && d.named[filepath.Dir(name)] {
			require.NoError(l.t, os.MkdirAll(filepath.Join(left, folder), 0o700))
			require.NoError(l.t, os.WriteFile(filepath.Join(left, folder, filepath.Base(name)), text, 0o600))
		}
	}
	_ = l.Close() // whatever it says, nobody hears it
	require.NoError(l.t, l.store.Close())
	l.dir = left
}

// does uploads an object, sends an e-mail and begins an execution.
func (l *lives) does(name string) (put, sent error) {
	l.t.Helper()
	_, put = s3.NewFromConfig(l.AWSConfig(firstRegion), func(o *s3.Options) { o.RetryMaxAttempts = 1 }).PutObject(l.t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("autobackup-dev-primary-documents-" + account), Key: &name, Body: strings.NewReader("content of " + name),
	})
	_, sent = l.SNS.Publish(sns.Publication{TopicARN: arnOf("sns", "autobackup-failure-topic-dev"), Subject: name, Message: name})
	_, err := l.States.StartExecution(arnOf("states", "stateMachine:autobackup-validation-dev"), []byte(`"`+name+`"`))
	require.NoError(l.t, err)
	return put, sent
}

// has is what came of it.
func (l *lives) has() (objects, mails, executions []string) {
	l.t.Helper()
	client := s3.NewFromConfig(l.AWSConfig(firstRegion))
	bucket := aws.String("autobackup-dev-primary-documents-" + account)
	listed, err := client.ListObjectsV2(l.t.Context(), &s3.ListObjectsV2Input{Bucket: bucket})
	require.NoError(l.t, err)
	for _, o := range listed.Contents {
		got, err := client.GetObject(l.t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: o.Key})
		require.NoError(l.t, err)
		text, err := io.ReadAll(got.Body)
		require.NoError(l.t, err)
		objects = append(objects, string(text))
	}
	files, err := os.ReadDir(l.Outbox())
	require.NoError(l.t, err)
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(l.Outbox(), file.Name()))
		require.NoError(l.t, err)
		mails = append(mails, string(text))
	}
	for _, e := range l.States.Executions() {
		came := "runs"
		if e.Result != nil {
			came = string(e.Result.Status)
		}
		executions = append(executions, string(e.Input)+" "+came)
	}
	return objects, mails, executions
}

func TestWhatWasAnsweredIsThereAfterAPowerFailure(t *testing.T) {
	d := &disk{synced: map[string][]byte{}, named: map[string]bool{}}
	inLives(t, copyOfProject(t, []change{aMinute}), func(l *lives) {
		l.ends()
		l.fsync = d.fsync
		l.begins()
		for _, name := range []string{"one", "two"} {
			put, sent := l.does(name)
			require.NoError(l.t, put)
			require.NoError(l.t, sent)
			time.Sleep(40 * time.Second)
		}
		objects, mails, executions := l.has()
		require.Equal(l.t, []string{"content of one", "content of two"}, objects)
		require.Len(l.t, mails, 2)
		require.Equal(l.t, []string{`"one" SUCCEEDED`, `"two" runs`}, executions)
		under := 0
		require.NoError(l.t, store.Each(l.store, "states executions", func(string, any) error { under++; return nil }))
		assert.Equal(l.t, 1, under, "what has ended is in the archive alone")
		l.powerFails(d)
		l.begins()
		objectsNow, mailsNow, executionsNow := l.has()
		assert.Equal(l.t, objects, objectsNow)
		assert.Equal(l.t, mails, mailsNow)
		assert.Equal(l.t, executions, executionsNow)
	})
}

func TestWhatCannotBeHadOnTheDiskIsRefusedOrDoneAgain(t *testing.T) {
	inLives(t, copyOfProject(t, []change{aMinute}), func(l *lives) {
		l.store.Fsync = func(*os.File) error { return errors.New("the disk is full") }
		put, sent := l.does("one")
		require.ErrorContains(l.t, put, "InternalError")
		require.ErrorContains(l.t, sent, "the disk is full")
		time.Sleep(time.Hour)
		objects, mails, executions := l.has()
		assert.Empty(l.t, objects)
		assert.Empty(l.t, mails)
		assert.Equal(l.t, []string{`"one" SUCCEEDED`}, executions)
		l.powerFails(&disk{})
		l.begins()
		require.NoError(l.t, l.WaitIdle(l.t.Context()))
		objects, mails, executions = l.has()
		assert.Empty(l.t, objects)
		assert.Empty(l.t, mails)
		assert.Equal(l.t, []string{`"one" SUCCEEDED`}, executions)
	})
}
