package checker_test

import (
	"encoding/json"
	"fmt"
)

// event is a queue message's body about a version in the primary bucket.
func event(key, version string, marker, lifecycle bool) string {
	detail := map[string]any{
		"version": "0", "bucket": map[string]any{"name": primary}, "requester": "111122223333", "request-id": "r", "reason": "PutObject",
		"object": map[string]any{"key": key, "version-id": version, "sequencer": "0"},
	}
	kind := "Object Created"
	if marker {
		kind, detail["deletion-type"], detail["reason"] = "Object Deleted", "Delete Marker Created", "DeleteObject"
	}
	if lifecycle {
		detail["reason"] = "Lifecycle Expiration"
	}
	body, err := json.Marshal(map[string]any{
		"version": "0", "id": "6f6c5c4e-0b7e-4b0a-8a5b-0d9c2c7f0c11", "detail-type": kind, "source": "aws.s3", "account": "111122223333",
		"time": "2026-01-02T03:04:05Z", "region": home, "resources": []string{"arn:aws:s3:::" + primary}, "detail": detail,
	})
	if err != nil {
		return fmt.Sprint(err) // no event: the message ends as malformed
	}
	return string(body)
}
