package s3event

// detail is the part of EventBridge's form that S3 writes. Its key is plain text.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
type detail struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"`
		Size      int64  `json:"size"`
		ETag      string `json:"etag"`
		VersionID string `json:"version-id"`
	} `json:"object"`
	Reason       string `json:"reason"`
	DeletionType string `json:"deletion-type"`
}

const (
	created       = "Object Created"
	deleted       = "Object Deleted"
	markerCreated = "Delete Marker Created"
	// permanentlyDeleted is kept out by the rule's pattern. Where it comes all
	// the same, the look finds the version gone, which is a verdict.
	permanentlyDeleted = "Permanently Deleted"
)

// event reads a message of EventBridge's form.
func (m message) event() (ObjectVersion, error) {
	d := m.Detail
	switch {
	case m.Source == "":
		return ObjectVersion{}, malformed("source is missing: no event of S3; find out who sends to this queue")
	case m.Source != "aws.s3":
		return ObjectVersion{}, malformed("source is %s, not \"aws.s3\"; correct the rule that sends to this queue", quoted(m.Source))
	case m.DetailType != created && m.DetailType != deleted:
		return ObjectVersion{}, malformed("detail-type is %s, not %q or %q; correct the rule that sends to this queue", quoted(m.DetailType), created, deleted)
	case m.DetailType == deleted && d.DeletionType != markerCreated && d.DeletionType != permanentlyDeleted:
		return ObjectVersion{}, malformed("deletion-type is %s, not %q or %q; look at the version by hand", quoted(d.DeletionType), markerCreated, permanentlyDeleted)
	}
	return ObjectVersion{
		Bucket: d.Bucket.Name, Key: d.Object.Key, VersionID: realVersionID(d.Object.VersionID),
		Region: m.Region, Account: m.Account,
		Marker:    m.DetailType == deleted && d.DeletionType == markerCreated,
		Lifecycle: d.Reason == "Lifecycle Expiration",
		Size:      d.Object.Size, ETag: d.Object.ETag, Time: m.Time, Reason: d.Reason,
	}, nil
}
