package discover

import (
	"encoding/json"
	"fmt"

	"autobackup/local/events"
)

// triggerPrefix begins the names of the rules that template.yaml makes. Any other rule that
// takes a bucket's events may be anybody's, and validates nothing.
const triggerPrefix = "autobackup-s3-upload-trigger-"

// trigger is an enabled rule of Autobackup's on the default event bus of a region.
type trigger struct {
	name    string
	pattern *events.Pattern
}

// parse takes a rule's pattern as EventBridge understands it.
func parse(name, pattern string) (trigger, error) {
	p, err := events.ParsePattern([]byte(pattern))
	if err != nil {
		return trigger{}, fmt.Errorf("read the pattern of rule %s: %w", safe(name), err)
	}
	return trigger{name, p}, nil
}

// takes says whether all uploads into a bucket match. No pattern that selects keys by how
// they begin or end takes this key, or the other size, so that whoever takes both takes all.
func (t trigger) takes(account, region, bucket string) bool {
	for _, o := range []struct {
		key  string
		size int64
	}{{"\x01autobackup\x01", 0}, {"\x02discover\x02", 1 << 42}} {
		event, err := json.Marshal(map[string]any{
			"version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "source": "aws.s3", "detail-type": "Object Created",
			"account": account, "region": region, "time": "2026-01-01T00:00:00Z", "resources": []string{"arn:aws:s3:::" + bucket},
			"detail": map[string]any{
				"version": "0", "bucket": map[string]string{"name": bucket}, "reason": "PutObject", "requester": account,
				"object":            map[string]any{"key": o.key, "size": o.size, "etag": "d41d8cd98f00b204e9800998ecf8427e", "version-id": "null", "sequencer": "00"},
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
