package attach_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/attach"
)

// odd are texts that others may have given to anything, or that stand where nothing was read.
var odd = []string{"", "a\nb", "\x1b[2J", "\x7f", "\u202eo", "\xff", `"; rm`, "é", "*", "${x}", strings.Repeat("x", 4000), strings.Repeat("\n", 4000)}

// spoil puts odd texts in the place of some, and draws what is so or not.
func spoil(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			spoil(t, v.Field(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(t, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(t, v.Index(i))
		}
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "so"))
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && rapid.IntRange(0, 7).Draw(t, "odd") == 0 {
			v.SetString(rapid.SampledFrom(odd).Draw(t, "text"))
		}
	}
}

func many[T any](t *rapid.T, most int, one ...T) []T {
	return slices.Repeat(one, rapid.SampledFrom([]int{0, 1, 1, most}).Draw(t, "many"))
}

// oddPolicy is a policy whose every text may be odd.
func oddPolicy(t *rapid.T, bucket string) string {
	st := struct{ Sid, Effect, Action, Resource, Operator, Key, Value string }{
		"s", rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(t, "effect"), "s3:*", "arn:aws:s3:::" + rapid.SampledFrom([]string{bucket + "/*", bucket + "/a\n*", bucket, "*"}).Draw(t, "resource"),
		"StringNotEquals", rapid.SampledFrom([]string{"aws:SourceVpce", "aws:PrincipalOrgID"}).Draw(t, "key"), "v",
	}
	field := rapid.SampledFrom([]*string{&st.Sid, &st.Resource, &st.Operator, &st.Key, &st.Value}).Draw(t, "field")
	*field = rapid.SampledFrom(odd).Draw(t, "of a statement")
	one := map[string]any{"Sid": st.Sid, "Effect": st.Effect, "Principal": "*", "Action": st.Action, "Resource": st.Resource}
	if rapid.Bool().Draw(t, "on condition") {
		one["Condition"] = map[string]any{st.Operator: map[string]any{st.Key: st.Value}}
	}
	text, err := json.Marshal(map[string]any{"Statement": many(t, 3, one)})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func oddSide(t *rapid.T, bucket string) attach.Side {
	if rapid.Bool().Draw(t, "odd name") {
		bucket = rapid.SampledFrom(odd).Draw(t, "name")
	}
	account := rapid.SampledFrom([]string{stage.Account, "444455556666", ""}).Draw(t, "account")
	key := rapid.SampledFrom([]string{"", "arn:aws:kms:eu-west-1:" + account + ":alias/aws/s3", "arn:aws:kms:eu-west-1:" + account + ":key/k"}).Draw(t, "key")
	return attach.Side{
		Bucket: bucket, Region: stage.Region, Account: account, Versioning: "Enabled", Encryption: "aws:kms", Key: key, Lock: "no", Policy: oddPolicy(t, bucket), Expires: many(t, 100, "old"),
		Unread: many(t, 100, attach.Unread{Fact: rapid.SampledFrom([]attach.Fact{attach.Tags, attach.Policy, attach.Recorded, attach.Where}).Draw(t, "fact"), Why: "it answered 403", Grant: "s3:GetIt"}),
	}
}

func oddBucket(t *rapid.T) attach.Bucket {
	configuration := func() attach.Configuration {
		return attach.Configuration{Notifications: many(t, 5, *attach.Judge(stage, ready()).Change.Notification,
			attach.Notification{Kind: "queue", ID: "more", Target: stage.FailureQueue(), Events: many(t, 9, attach.Failed, "s3:ObjectCreated:*")},
			attach.Notification{Kind: "topic", ID: "theirs", Target: "t", Events: []string{attach.Failed}, Filters: []attach.Filter{{Name: "Prefix", Value: "a"}}})}
	}
	b := attach.Bucket{
		Side:  oddSide(t, "docs"),
		Rules: many(t, 100, attach.Rule{ID: "all", To: "docs-dr", Key: "arn:aws:kms:eu-west-1:444455556666:alias/aws/s3"}), Configuration: configuration(),
		Stages: rapid.SampledFrom([][]string{nil, {"dev"}, {"dev", "prod"}}).Draw(t, "stages"), Replicas: many(t, 2, oddSide(t, "docs-dr")),
		Record: &attach.Record{Stage: "dev", Was: configuration(), Change: attach.Change{Notification: &attach.Notification{ID: "more", Target: "t"}}},
	}
	spoil(t, reflect.ValueOf(&b).Elem())
	if rapid.Bool().Draw(t, "mended") {
		mend(&b)
	}
	b.Tags = map[string]string{rapid.SampledFrom(odd).Draw(t, "tag") + "terraform": rapid.SampledFrom(odd).Draw(t, "its value")}
	return b
}

// mend takes away what refuses a bucket by itself, so that what comes after is tried, too.
func mend(b *attach.Bucket) {
	b.Rules = append(b.Rules, attach.Rule{ID: "\x1b", Enabled: true})
	b.Region, b.Stages = stage.Region, b.Stages[:min(len(b.Stages), 1)]
	for i := range b.Stages {
		b.Stages[i] = stage.Name
	}
	for i := range b.Replicas {
		mendSide(&b.Replicas[i])
	}
	mendSide(&b.Side)
}

func mendSide(s *attach.Side) {
	s.Gone, s.RequesterPays, s.Versioning, s.Policy = false, false, "Enabled", strings.ReplaceAll(s.Policy, "aws:SourceVpce", "aws:PrincipalOrgID")
	s.Unread = slices.DeleteFunc(s.Unread, func(u attach.Unread) bool { return u.Fact == attach.Where || u.Fact == attach.Recorded })
}

var plain = regexp.MustCompile(`^[ -~→]*$`)

func plainly(t assert.TestingT, p attach.Plan) {
	for _, line := range p.Lines {
		assert.Regexp(t, plain, line.Text)
		assert.LessOrEqual(t, len(line.Text), 3000, "%.500s", line.Text)
	}
}

// Each odd text stands once where it surely comes into a line.
func TestEachOddTextIsPlainWhereItIsTold(t *testing.T) {
	for _, text := range odd {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		shared := func(b *attach.Bucket, action, more string) {
			b.Bucket, b.Replicas[0].Bucket, b.Replicas[0].Account, b.Rules[0].To = text, text, "444455556666", text
			b.Replicas[0].Policy = `{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}, {"Effect": "Deny", "Sid": ` + string(quoted) + `, "Principal": "*", "Action": "` + action + `", "Resource": ` + more + `}]}`
		}
		for want, edit := range map[string]func(*attach.Bucket){
			"FAIL the policy of": func(b *attach.Bucket) {
				shared(b, "s3:*", `"*", "Condition": {"StringNotEquals": {"aws:SourceVpc": [`+string(quoted)+`, "x"]}}`)
			},
			"FAIL of account":                func(b *attach.Bucket) { shared(b, "s3:Put*", `"*"`); b.Replicas[0].RequesterPays = true },
			"FAIL versioning of the replica": func(b *attach.Bucket) { b.Replicas[0].Bucket, b.Replicas[0].Versioning = text, "never" },
			"FAIL versioning":                func(b *attach.Bucket) { b.Bucket, b.Versioning = text, "never" },
			"FAIL a rule leads to":           func(b *attach.Bucket) { b.Replicas[0].Bucket, b.Replicas[0].Gone = text, true },
			"FAIL a rule encrypts": func(b *attach.Bucket) {
				shared(b, "s3:Put*", `"*"`)
				b.Encryption, b.Rules[0].KMS, b.Rules[0].Key = "aws:kms", true, text+":444455556666:alias/aws/s3"
			},
			"warning refuses": func(b *attach.Bucket) { shared(b, "s3:GetObjectVersionTagging", `"*"`) },
			"warning refuses s3:Ge": func(b *attach.Bucket) {
				shared(b, "s3:GetObjectVersionTagging", `["arn:*`+strings.Trim(string(quoted), `"`)+`"]`)
			},
			"warning does not let": func(b *attach.Bucket) {
				shared(b, "s3:Put*", `"*"`)
				b.Replicas[0].Policy = strings.Replace(b.Replicas[0].Policy, `"s3:*"`, `["s3:GetObjectVersion", "s3:List*"]`, 1)
			},
			"warning LEFT_OUT": func(b *attach.Bucket) { b.Encryption, b.Rules[0].To = "aws:kms"+text, "other" },
			"note rules select by": func(b *attach.Bucket) {
				b.Rules = slices.Repeat([]attach.Rule{{ID: text, Enabled: true, Every: true, ByTag: true}}, 100)
			},
			"note rules without": func(b *attach.Bucket) {
				b.Rules = append(slices.Repeat([]attach.Rule{{ID: text, Enabled: true}}, 100), b.Rules...)
			},
			"note Object Lock":         func(b *attach.Bucket) { b.Bucket, b.Lock = text, "GOVERNANCE"+text },
			"? whose":                  func(b *attach.Bucket) { b.Bucket, b.Account, b.RequesterPays = text, "", true },
			"? whether the key":        func(b *attach.Bucket) { b.Bucket, b.Key = text, "k"+text },
			"? whether ReplicaBuckets": func(b *attach.Bucket) { b.Replicas[0].Bucket = text },
			"? hash-bytes": func(b *attach.Bucket) {
				shared(b, "s3:*", `"*", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "`+theRole+`"}}`)
			},
			"? denies": func(b *attach.Bucket) {
				shared(b, "s3:*", `"*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": `+string(quoted)+`}}`)
			},
			"next add": func(b *attach.Bucket) { b.Bucket, b.Replicas[0].Bucket, b.Stages = text, text, nil },
		} {
			p := attach.Judge(stage, with(edit))
			word, says, _ := strings.Cut(want, " ")
			assert.Contains(t, said(p, word), says, "%s: %.20q", want, text)
			plainly(t, p)
		}
	}
}

// Facts are what others wrote: whatever they hold, no line has more than fits a screen and what
// is to be pasted, nor a character that a terminal takes for more than it looks like.
func TestWhateverTheFactsHoldLinesArePlainAndShort(t *testing.T) {
	states := map[attach.State]int{}
	rapid.Check(t, func(t *rapid.T) {
		b := oddBucket(t)
		takers := attach.Takers{Off: rapid.Bool().Draw(t, "off"), Others: many(t, 100, "theirs"), Own: many(t, 100, "ours")}
		spoil(t, reflect.ValueOf(&takers).Elem())
		for _, p := range []attach.Plan{attach.Judge(stage, b), attach.Return(stage, b, takers)} {
			states[p.State]++
			plainly(t, p)
		}
		for _, line := range b.Lines() {
			assert.Regexp(t, plain, line)
			assert.LessOrEqual(t, len(line), 10_000)
		}
		all, err := attach.Lists(stage, []attach.Bucket{b})
		if err != nil {
			assert.Regexp(t, plain, err.Error())
			assert.LessOrEqual(t, len(err.Error()), 500)
		}
		for _, p := range all {
			for _, note := range p.Notes {
				assert.Regexp(t, plain, note)
				assert.LessOrEqual(t, len(note), 500)
			}
		}
	})
	assert.NotZero(t, states[attach.Refused])
	assert.Less(t, states[attach.Refused], states[attach.Ready]+states[attach.Owned]+states[attach.Attached]+states[attach.Waiting], "what comes after refusals is tried, too: %v", states)
}
