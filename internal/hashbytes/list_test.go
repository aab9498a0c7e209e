package hashbytes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// function is hash-bytes behind its Lambda boundary.
func function(objects hashbytes.Objects, inFlight int) handler.Func {
	return handler.New("hash-bytes", slog.New(slog.DiscardHandler), hashbytes.Reader{Objects: objects, InFlight: inFlight}.Do)
}

// object is what is drawn of one object of a list.
type object struct {
	content []byte
	status  int // 0: it is read
	code    string
}

// objects serves each object, by its key "0", "1" and so on.
type objects []object

func (o objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for i, one := range o {
		if r.URL.Path != fmt.Sprintf("/docs/%d", i) {
			continue
		}
		if one.status != 0 {
			s3Error(w, one.status, one.code)
			return
		}
		r.URL.Path = "/docs/a.txt"
		(&memory{content: one.content}).object(w, r)
		return
	}
	w.WriteHeader(http.StatusTeapot)
}

func (o objects) requests(blockSize int64) []hashbytes.Request {
	list := make([]hashbytes.Request, len(o))
	for i, one := range o {
		list[i] = request(one.content)
		list[i].Key, list[i].BlockSize = fmt.Sprint(i), blockSize
	}
	return list
}

// answered is the function's answer, of a shape.
func answered[Out any](t require.TestingT, f handler.Func, in any) (out Out) {
	payload, err := json.Marshal(in)
	require.NoError(t, err)
	answer, err := f(context.Background(), payload)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(answer, &out))
	return out
}

func TestEachOfAListIsAnsweredInItsPlaceAsThatRequestAlone(t *testing.T) {
	var served atomic.Pointer[objects] // the server may still be at a request that nobody waits for
	limited := &counting{Objects: client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { served.Load().ServeHTTP(w, r) }))}
	f := function(limited, 3)
	faults := rapid.SampledFrom([]object{{}, {}, {}, {}, {status: 403, code: "AccessDenied"}, {status: 404, code: "NoSuchVersion"},
		{status: 403, code: "InvalidObjectState"}, {status: 400, code: "InvalidRequest"}, {status: 503, code: "SlowDown"}})
	rapid.Check(t, func(rt *rapid.T) {
		held := make(objects, rapid.IntRange(1, 9).Draw(rt, "objects"))
		for i := range held {
			held[i] = faults.Draw(rt, "fault")
			held[i].content = rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(rt, "content")
		}
		served.Store(&held)
		list := held.requests(rapid.Int64Range(1, 12).Draw(rt, "block size"))
		got := answered[hashbytes.Answers](rt, f, hashbytes.List{Requests: list})
		require.Len(rt, got.Answers, len(list))
		for i, in := range list {
			assert.Equal(rt, answered[hashbytes.Answer](rt, f, in), got.Answers[i])
			assert.Equal(rt, held[i].status == 0, got.Answers[i].Found == verdict.Object)
			if held[i].status == 0 {
				want := expected(rt, held[i].content, in.BlockSize, in.Algorithm)
				assert.Equal(rt, &want, got.Answers[i].Digests)
			}
		}
	})
	assert.Equal(t, 3, limited.most, "GETs at once, of the whole list")
}

func TestOneObjectThatCannotBeReadIsItsOwnAnswer(t *testing.T) {
	held := objects{{content: []byte("01234567")}, {content: []byte("01234567"), status: 403, code: "AccessDenied"}, {content: []byte("89")}}
	server := client(t, held)
	got := answered[hashbytes.Answers](t, function(server, 0), hashbytes.List{Requests: held.requests(4)})
	first, last := expected(t, held[0].content, 4, "SHA256"), expected(t, held[2].content, 4, "SHA256")
	assert.Equal(t, []hashbytes.Answer{
		{Found: verdict.Object, Digests: &first},
		{Found: verdict.Denied, Detail: "GetObject answered 403 AccessDenied; grant hash-bytes s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"},
		{Found: verdict.Object, Digests: &last},
	}, got.Answers)
}

// slow answers after a minute, or not at all for keys that begin with "silent".
type slow struct{}

func (slow) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	after := time.After(time.Minute)
	if strings.HasPrefix(*in.Key, "silent") {
		after = nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-after:
		return nil, &smithy.GenericAPIError{Code: "InvalidObjectState"}
	}
}

func TestWhenTheTimeIsOverWhatWasAnsweredIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		keys := []string{"silent 1", "archived 1", "archived 2", "silent 2", "archived 3", "silent 3"}
		list := make([]hashbytes.Request, len(keys))
		for i, key := range keys {
			list[i] = request([]byte("0123"))
			list[i].Key = key
		}
		got := hashbytes.Reader{Objects: slow{}, InFlight: 2}.ReadList(ctx, list)
		over := hashbytes.Answer{Found: verdict.Unreachable, Detail: "the time of hash-bytes was over before all bytes had come"}
		archived := hashbytes.Answer{Found: verdict.Archived, Detail: "GetObject failed: read 4 bytes from byte 0 on: api error InvalidObjectState: : the object must be restored to be read"}
		assert.Equal(t, []hashbytes.Answer{over, archived, archived, over, over, over}, got)
		assert.Equal(t, 4*time.Minute-time.Second, time.Since(began), "with time for the answer")
	})
}

// anyOf is a list of so many requests of a length each.
func anyOf(n int, length, blockSize int64) []hashbytes.Request {
	list := make([]hashbytes.Request, n)
	for i := range list {
		list[i] = hashbytes.Request{Bucket: "b", Key: "k", Version: "v", Size: length, Length: length, BlockSize: blockSize, Algorithm: checksum.SHA256}
	}
	return list
}

func TestAListIsWhatOneCallTakes(t *testing.T) {
	tests := map[string]struct {
		list []hashbytes.Request
		fits int
	}{
		"one of no bytes":              {anyOf(1, 0, 1), 1},
		"as many as there may be":      {anyOf(512, 0, 1), 512},
		"one more":                     {anyOf(513, 0, 1), 512},
		"as many blocks":               {anyOf(2, 2048, 1), 2},
		"one block more":               {append(anyOf(2, 2048, 1), anyOf(1, 1, 1)...), 2},
		"as many bytes":                {anyOf(4, 1<<30, digest.BlockSize), 4},
		"one byte more":                {append(anyOf(4, 1<<30, digest.BlockSize), anyOf(1, 1, 1)...), 4},
		"the first of more, then none": {append(anyOf(1, digest.RangeSize+1, digest.BlockSize), anyOf(1, 0, 1)...), 1},
		"one that alone is more":       {anyOf(1, digest.RangeSize+1, digest.BlockSize), 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.fits, hashbytes.Fitting(tt.list))
			err := hashbytes.List{Requests: tt.list}.Validate()
			if tt.fits == len(tt.list) {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, fmt.Sprintf(`"list" has %d requests, of which the first %d are what one call takes: at most 512 requests, 4096 blocks and 4294967296 bytes`, len(tt.list), tt.fits))
		})
	}
	assert.Zero(t, hashbytes.Fitting(nil))
}

// most is below Lambda's 6 MB, for what else may be in a payload.
const most = 4_500_000

func TestTheLargestListAndItsAnswersStayWellWithinLambdasPayloads(t *testing.T) {
	list := anyOf(hashbytes.MaxRequests, 8, 1) // as many blocks as a list may have
	quoted := `"` + strings.Repeat("f", 32) + `-10000"`
	for i := range list {
		list[i].Bucket, list[i].Key, list[i].Version = strings.Repeat("b", 63), strings.Repeat("\x01", 1024), strings.Repeat("v", 1024)
		list[i].ETag, list[i].Size, list[i].Offset = quoted, digest.MaxSize, digest.MaxSize-8
		list[i].Algorithm = checksum.CRC64NVME
	}
	in := hashbytes.List{Requests: list}
	require.NoError(t, in.Validate())
	payload, err := json.Marshal(in)
	require.NoError(t, err)
	assert.Less(t, len(payload), most)
	assert.Greater(t, len(payload), most/2, "or the bound could be a larger one")

	answers := hashbytes.Answers{}
	for range list {
		answers.Answers = append(answers.Answers, hashbytes.Answer{Found: verdict.Unreachable, Detail: strings.Repeat(`"`, verdict.MaxSideDetail), Digests: &digest.Digests{
			Length: digest.RangeSize, BlockSize: digest.BlockSize, Algorithm: checksum.CRC64NVME, Blocks: make([]byte, 8*32),
		}})
	}
	payload, err = json.Marshal(answers)
	require.NoError(t, err)
	assert.Less(t, len(payload), most/5)
}

func TestListsThatMakeNoSenseAreRefused(t *testing.T) {
	one := `{"bucket":"b","key":"k","version":"v","size":1,"length":1,"blockSize":1,"algorithm":"SHA256"}`
	tests := map[string]struct{ payload, want string }{
		"an empty list":                    {`{"list":[]}`, `"list" is empty`},
		"no list and no request":           {`{"list":null}`, `"bucket", "key" and "version" must be set`},
		"a bad request among good ones":    {`{"list":[` + one + `,{"bucket":"b"},` + one + `]}`, `request 1 of "list": "bucket", "key" and "version" must be set`},
		"a bad range":                      {`{"list":[` + strings.Replace(one, `"length":1`, `"length":2`, 1) + `]}`, `request 0 of "list": 2 bytes from byte 0 on are not within`},
		"a list beside a request":          {`{"list":[` + one + `],` + one[1:], `"list" goes with no request beside it`},
		"a list of lists":                  {`{"list":[[` + one + `]]}`, "decode the payload"},
		"a list that is none":              {`{"list":` + one + `}`, "decode the payload"},
		"a list of nothing":                {`{"list":[null]}`, `request 0 of "list"`},
		"more than one call takes":         {`{"list":[` + strings.Repeat(one+",", 512) + one + `]}`, "what one call takes"},
		"an array":                         {`[` + one + `]`, "decode the payload"},
		"a request that is refused itself": {strings.Replace(one, `"v"`, `""`, 1), `"bucket", "key" and "version" must be set`},
	}
	f := function(nothing{}, 0)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := f(t.Context(), []byte(tt.payload))
			var named messages.InvokeResponse_Error
			require.ErrorAs(t, err, &named)
			assert.Equal(t, reason.BadInput, named.Type)
			assert.Contains(t, named.Message, tt.want)
		})
	}
}

// nothing has no object.
type nothing struct{}

func (nothing) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return nil, &smithy.GenericAPIError{Code: "NoSuchBucket"}
}

func FuzzPayload(f *testing.F) {
	one := `{"bucket":"b","key":"k","version":"v","size":1,"length":1,"blockSize":1,"algorithm":"SHA256"}`
	f.Add([]byte(one))
	f.Add([]byte(`{"list":[` + one + `]}`))
	f.Add([]byte(`{"list":[` + one + `,` + one + `]}`))
	f.Add([]byte(`{"list":[]}`))
	f.Add([]byte(`{"LIST":[` + one + `,{"blockSize":-1}]}`))
	call := function(nothing{}, 0)
	f.Fuzz(func(t *testing.T, payload []byte) {
		answer, err := call(t.Context(), payload)
		var named messages.InvokeResponse_Error
		if err != nil {
			require.ErrorAs(t, err, &named)
			assert.Equal(t, reason.BadInput, named.Type, named.Message)
			return
		}
		var in hashbytes.Payload
		require.NoError(t, json.Unmarshal(payload, &in))
		var out struct {
			hashbytes.Answer
			hashbytes.Answers
		}
		require.NoError(t, json.Unmarshal(answer, &out))
		assert.Len(t, out.Answers.Answers, len(in.Requests))
		for _, a := range out.Answers.Answers {
			assert.Equal(t, verdict.Unreachable, a.Found)
		}
		assert.Equal(t, in.Requests == nil, out.Found == verdict.Unreachable)
	})
}
