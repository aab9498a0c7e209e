package alert

import "autobackup/internal/reason"

// otherRows are about no comparison.
var otherRows = []row{
	{reason.NotVersioned, nil, words{
		what: "The event about this key names no version: versioning of {primary} is off or suspended. Nothing was compared.",
		why:  "S3 replicates only from buckets that keep versions, so this upload has no replica; and the next upload of the same key replaces it for good.",
		next: "Turn versioning on (aws s3api put-bucket-versioning with Status=Enabled on {primary}), check that the replication rules are there (the first command below), then copy the object in place or upload it again: the new version is replicated and looked at. What is parked about this upload may then be deleted.",
	}},
	{reason.WorkflowError, byBytes, words{
		what: "Both sides hold this version, and what S3 stores of the two copies does not decide. Reading their bytes stopped with the error above. No difference was found.",
		why:  unknowing,
		next: "Read the error in the execution and in the logs of compare-bytes and hash-bytes. Once the cause is gone, have the message looked at again (see the end).",
	}},
	{reason.WorkflowError, nil, words{
		what: "The validation stopped before it reached a verdict, so nothing is known about the replicas of this object.",
		why:  unknowing,
		next: "Read the error in the execution, where one is named, and in the logs of the functions. Once the cause is gone, have the message looked at again (see the end).",
	}},
	{reason.MalformedEvent, nil, words{
		what: "The message is not an S3 event that Autobackup understands, so no object is known to it.",
		why:  "If it stands for an upload, that upload is not validated.",
		next: "Read the parked message and find its sender: only the EventBridge rule, and the failure-notifier function with S3's own notifications, should send to the validation queue. If the message is an event of S3, report it as a fault of Autobackup and keep the message; otherwise delete it.",
	}},
}
