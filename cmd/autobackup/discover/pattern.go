package discover

import (
	"encoding/json"
	"fmt"

	"autobackup/internal/text"
	"autobackup/local/events"
)

// UploadRule is a rule of Autobackup's on the default event bus of a region. Any
// other rule that takes a bucket's events may be anybody's, and validates nothing.
type UploadRule struct {
	Name     string
	Disabled bool
	// Buckets are those whose whole names its pattern has.
	Buckets []string
	// LeftOut says how keys begin that it does not take, by LeftOutPrefixes of the templates.
	LeftOut []string
	// Only says how all keys begin that it takes, by OnlyPrefix of the templates; empty: it takes others, too.
	Only    []string
	some    bool // it leaves out other keys, as no template of ours does
	pattern *events.Pattern
}

// parse takes a rule's pattern as EventBridge understands it.
func parse(name, pattern string) (UploadRule, error) {
	p, err := events.ParsePattern([]byte(pattern))
	if err != nil {
		return UploadRule{}, fmt.Errorf("read the pattern of rule %s: %w", text.Name(name), err)
	}
	var named struct {
		Detail struct {
			Bucket struct{ Name []any }
			Object struct{ Key []json.RawMessage }
		}
	}
	if err := json.Unmarshal([]byte(pattern), &named); err != nil {
		return UploadRule{}, fmt.Errorf("read the pattern of rule %s: %w", text.Name(name), err)
	}
	t := UploadRule{Name: name, pattern: p}
	for _, of := range named.Detail.Bucket.Name {
		if whole, is := of.(string); is {
			t.Buckets = append(t.Buckets, whole)
		}
	}
	for _, of := range named.Detail.Object.Key {
		var but struct {
			Keys   json.RawMessage `json:"anything-but"`
			Prefix *string         `json:"prefix"`
		}
		if json.Unmarshal(of, &but) == nil && but.Prefix != nil {
			t.Only = append(t.Only, *but.Prefix)
		}
		if but.Keys == nil {
			continue // keys of which Takes tries none
		}
		var begins struct{ Prefix many }
		if json.Unmarshal(but.Keys, &begins) != nil || begins.Prefix == nil {
			t.some = true
		}
		t.LeftOut = append(t.LeftOut, begins.Prefix...)
	}
	t.some = t.some || len(t.Only) > 0 && len(t.LeftOut) > 0 // which takes more than either says
	return t, nil
}

// many is a text or a list of texts.
type many []string

func (m *many) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*m = many{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(m))
}

// Takes says whether all uploads into a bucket match, but for what LeftOut and Only say. No pattern that selects keys by
// how they end takes this key, or the other size, so that whoever takes both takes all.
func (t UploadRule) Takes(account, region, bucket string) bool {
	if t.some {
		return false
	}
	begin := ""
	if len(t.Only) > 0 {
		begin = t.Only[0]
	}
	for _, o := range []struct {
		key  string
		size int64
	}{{"\x01autobackup\x01", 0}, {"\x02discover\x02", 1 << 42}} {
		event, err := json.Marshal(map[string]any{
			"version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "source": "aws.s3", "detail-type": "Object Created",
			"account": account, "region": region, "time": "2026-01-01T00:00:00Z", "resources": []string{"arn:aws:s3:::" + bucket},
			"detail": map[string]any{
				"version": "0", "bucket": map[string]string{"name": bucket}, "reason": "PutObject", "requester": account,
				"object":            map[string]any{"key": begin + o.key, "size": o.size, "etag": "d41d8cd98f00b204e9800998ecf8427e", "version-id": "null", "sequencer": "00"},
				"source-ip-address": "192.0.2.1", "request-id": "0000000000000000",
			},
		})
		if err != nil {
			return false
		}
		if taken, err := t.pattern.Matches(event); err != nil || !taken {
			return false
		}
	}
	return true
}

// MayTake says whether a rule may take any event of a bucket, by nothing but what its
// pattern says of where events come from: one that can't be read may.
func MayTake(pattern, account, region, bucket string) bool {
	var raw struct {
		Source  any `json:"source,omitempty"`
		Account any `json:"account,omitempty"`
		Region  any `json:"region,omitempty"`
		Detail  struct {
			Bucket struct {
				Name any `json:"name,omitempty"`
			} `json:"bucket,omitzero"`
		} `json:"detail,omitzero"`
	}
	if json.Unmarshal([]byte(pattern), &raw) != nil {
		return pattern != "" // without one it runs by the clock
	}
	reduced, err := json.Marshal(raw)
	if err != nil {
		return true
	}
	p, err := events.ParsePattern(reduced)
	if err != nil {
		return true
	}
	event, err := json.Marshal(map[string]any{
		"source": "aws.s3", "account": account, "region": region, "detail": map[string]any{"bucket": map[string]string{"name": bucket}},
	})
	if err != nil {
		return true
	}
	taken, err := p.Matches(event)
	return err != nil || taken
}
