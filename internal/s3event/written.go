package s3event

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Event is a message about a version in EventBridge's form, as S3's would be that Parse
// reads the version from: for who wants a version looked at that was uploaded long ago. It
// says in the place of S3's reason who asks. Partition is that of the bucket's ARN.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
func Event(v ObjectVersion, partition string) (string, error) {
	about := map[string]any{"key": v.Key, "version-id": v.VersionID}
	detail := map[string]any{"version": "0", "bucket": map[string]string{"name": v.Bucket}, "object": about, "reason": v.Reason}
	kind := "Object Created"
	if v.Marker {
		kind, detail["deletion-type"] = "Object Deleted", "Delete Marker Created"
	} else {
		about["size"], about["etag"] = v.Size, v.ETag
	}
	text, err := json.Marshal(map[string]any{
		"version": "0", "id": "00000000-0000-0000-0000-000000000000", "source": "aws.s3", "detail-type": kind, "account": v.Account, "region": v.Region,
		"time": v.Time.UTC().Format(time.RFC3339), "resources": []string{"arn:" + cmp.Or(partition, "aws") + ":s3:::" + v.Bucket}, "detail": detail,
	}, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("write an event about a version of s3://%s: %w", strings.ToValidUTF8(v.Bucket, ""), err)
	}
	return string(text), nil
}
