package alert

import "autobackup/internal/reason"

// missingRows are about a replica that does not hold the version.
var missingRows = []row{
	{reason.ReplicaMissing, all(marker, completed), words{
		what: "S3 says that it replicated this delete marker (status COMPLETED), and {replica} does not hold it now: it was there and was removed, or {replica} became a destination of the rules only after that.",
		why:  "Where {replica} still holds an older version of the object, that is the latest one there again: who reads or restores from there gets back what was deleted.",
		next: "Nobody need have done wrong: a lifecycle rule removes delete markers that have no older versions left, and removing one by its version id undeletes the object on purpose. If the object should be deleted there, " + deleteAgain,
	}},
	{reason.ReplicaMissing, marker, words{
		what: "The deadline has passed and {replica} does not hold this delete marker (replication status {status}).",
		why:  undeleted,
		next: "S3 promises no time for delete markers. Check the replication metrics of {primary} and the AWS Health Dashboard of both regions, and that the rule replicates delete markers (DeleteMarkerReplication). If S3 is only late, have the message looked at again (see the end); if not, " + deleteAgain,
	}},
	{reason.ReplicaMissing, byBytes, words{
		what: "{replica} held this version when it was looked at, but not when its bytes were to be read: it was there and is gone.",
		why:  lost + " S3 does not replicate it a second time by itself.",
		next: "Nobody need have done wrong: a lifecycle rule of {replica} (aws s3api get-bucket-lifecycle-configuration) removes versions, and so does an erasure by version id on purpose, which CloudTrail's data events of {replica}, where they are on, name. To have a replica again, " + anew + " S3 Batch Replication does not bring back what was deleted by its version id at the destination.", copying: true,
	}},
	{reason.ReplicaMissing, all(completed, expires), words{
		what: "S3 says that it replicated this version (status COMPLETED), and {replica} does not hold it now: it was there and is gone. The lifecycle rule {expires} of {replica} covers this key and removes versions, so it may have removed this one.",
		why:  lost + " S3 does not replicate it a second time by itself.",
		next: "If both sides are meant to keep versions equally long, make the rule {expires} agree with the lifecycle of {primary}. If the rule is not to blame, the version was deleted by its version id: CloudTrail's data events of {replica}, where they are on, say by whom, and it may have been on purpose. To have a replica again, " + anew + " S3 Batch Replication does not bring back what was deleted by its version id at the destination.", copying: true,
	}},
	{reason.ReplicaMissing, completed, words{
		what: "S3 says that it replicated this version (status COMPLETED), and {replica} does not hold it now. It was there and is gone; or {replica} became a destination of the rules only after that.",
		why:  lost + " S3 does not replicate it a second time by itself.",
		next: "Nobody need have done wrong: a lifecycle rule of {replica} (aws s3api get-bucket-lifecycle-configuration) removes versions, and so does an erasure by version id on purpose, which CloudTrail's data events of {replica}, where they are on, name. To have a replica again, " + anew + " S3 Batch Replication does not bring back what was deleted by its version id at the destination; where {replica} never had the version, it does.", copying: true,
	}},
	{reason.ReplicaMissing, nil, words{
		what: "The deadline has passed and {replica} does not hold this version (replication status {status}). S3 has not said that it gave up.",
		why:  lost,
		next: "Check the replication metrics of {primary}, the AWS Health Dashboard of both regions, and that {replica} exists. If S3 is only late, have the message looked at again (see the end). If not, " + anew, copying: true,
	}},
	{reason.ReplicationFailed, all(ofChange, unlooked), words{
		what: "S3 says that it gave up replicating a change to this version that was made after its upload, such as its tags, access list, retention or legal hold. Neither side was looked at.",
		why:  "As far as S3 tells, {replica} does not show the change.",
		next: "Make the change again once the cause is gone, or replicate the version again with " + batchJob + ".",
	}},
	{reason.ReplicationFailed, all(notified, unlooked), words{
		what: "S3 says that it gave up replicating this version to {replica}. Neither side was looked at, so what they hold now is not known.",
		why:  "If {replica} does not hold this version, it can't give it back, and S3 does not try again by itself.",
		next: "look at both sides with the commands below. Where {primary} no longer holds the version, nothing is left to replicate. Where {replica} does not hold what {primary} does, replicate this version again with " + batchJob + "; or " + anew, copying: true,
	}},
	{reason.ReplicationFailed, ofChange, words{
		what: "S3 gave up replicating a change to this version that was made after its upload, such as its tags, access list, retention or legal hold. Both sides hold the version, and nothing that S3 stores of the two shows a difference in content.",
		why:  "{replica} does not show the change. The content was judged when the version was uploaded.",
		next: "Make the change again once the cause is gone, or replicate the version again with " + batchJob + ".",
	}},
	{reason.ReplicationFailed, all(notified, marker), words{
		what: "S3 gave up replicating this delete marker, and {replica} does not hold it.",
		why:  undeleted + " S3 does not try again by itself.",
		next: deleteAgain,
	}},
	{reason.ReplicationFailed, notified, words{
		what: "S3 gave up replicating this version, and {replica} does not hold it.",
		why:  lost + " S3 does not try again by itself.",
		next: "replicate this version again with " + batchJob + ", and have the message looked at again (see the end); or " + anew, copying: true,
	}},
	{reason.ReplicationFailed, marker, words{
		what: "S3 marked the replication of this delete marker as FAILED, and {replica} does not hold it.",
		why:  undeleted + " S3 does not try again by itself.",
		next: "Check that the replication role may do s3:ReplicateDelete on {replica}, and the policy and versioning of that bucket. Then " + deleteAgain,
	}},
	{reason.ReplicationFailed, nil, words{
		what: "S3 marked the replication of this version as FAILED, and {replica} does not hold it. The reason is not in this message: S3 tells it in one of its own, where the rule has metrics.",
		why:  lost + " S3 does not try again by itself.",
		next: "Check what the replication role may do (s3:GetObjectVersionForReplication on {primary}; s3:ReplicateObject on {replica}; kms:Decrypt on the key of the one and kms:Encrypt on that of the other), and the policy and versioning of {replica}. Then replicate this version again with " + batchJob + ", and have the message looked at again (see the end); or " + anew, copying: true,
	}},
	{reason.NotReplicated, all(ofPrimary, marker), words{
		what: "No enabled replication rule of {primary} covers the key of this delete marker.",
		why:  "The deletion stays in {primary}. A bucket that holds a replica of the object still shows it.",
		next: "Compare the key with the rules (the first command below). Where a rule should cover it, mend the rule, and then " + deleteAgain,
	}},
	{reason.NotReplicated, ofPrimary, words{
		what: "No enabled replication rule of {primary} covers the key of this version.",
		why:  "By the rules, this version exists in {primary} alone, and S3 will not replicate it.",
		next: "Compare the key with the rules (the first command below). Where a rule should cover it, mend the rule: it takes new versions only. Then replicate this one with " + batchJob + ", and have the message looked at again (see the end); or " + anew, copying: true,
	}},
	{reason.NotReplicated, nil, words{
		what: "A replication rule of {primary} leads to {replica}, but S3 shows no replication status for this version, and {replica} does not hold it: S3 is not replicating it.",
		why:  lost + " S3 will not replicate it by itself.",
		next: "The rule may be newer than the version; or the uploader's account owns the object, and that of {primary} may not read it. Compare the time of the upload with that of the rule, and the object's owner with the bucket's. Then replicate this version with " + batchJob + ", and have the message looked at again (see the end); or " + anew, copying: true,
	}},
	{reason.TagsMatchNow, completed, words{
		what: "A replication rule of {primary} selects this version for {replica} by its tags, as they are now, and {replica} does not hold it. S3 says that it replicated the version (status COMPLETED), which may mean another bucket: it was tagged after the upload, when rules by tag no longer take it; or it was in {replica} and is gone.",
		why:  lost + " S3 will not replicate it by itself.",
		next: "Let uploaders send the tags with the upload (x-amz-tagging), not after it. Replicate this version with " + batchJob + ", which goes by the tags of now, and have the message looked at again (see the end). That does not bring back what was deleted by its version id at the destination; for such a version, " + anew, copying: true,
	}},
	{reason.TagsMatchNow, nil, words{
		what: "A replication rule of {primary} selects this version for {replica} by its tags, as they are now, but S3 shows no replication status, and {replica} does not hold it: S3 is not replicating it. Rules by tag take what has the tags when it is uploaded; these came later, or the rule did.",
		why:  lost + " S3 will not replicate it by itself.",
		next: "Let uploaders send the tags with the upload (x-amz-tagging), not after it. Replicate this version with " + batchJob + ", which goes by the tags of now, and have the message looked at again (see the end); or " + anew, copying: true,
	}},
	{reason.LeftOut, nil, words{
		what: "A replication rule covers the key of this version, but S3 leaves the version out for how it is encrypted or stored, as the line above says, and {replica} does not hold it.",
		why:  lost + " S3 will not replicate it by itself.",
		next: "If it is the encryption: a rule takes objects encrypted with keys of AWS KMS only with SourceSelectionCriteria.SseKmsEncryptedObjects enabled and a key for the replica (StorageEncryption=SSE-KMS and ReplicaKmsKeyArn in the templates of Autobackup); or upload without naming a key. Once the rule takes it, replicate this version with " + batchJob + ". " +
			"If it is an archive class (GLACIER, DEEP_ARCHIVE): S3 replicates none, not with Batch Replication either, so upload into another class and let lifecycle rules move both copies later. " + lookAgain,
	}},
	{reason.ReplicaNotReplicated, marker, words{
		what: "This delete marker in {primary} is itself a replica from another bucket. A rule of {primary} leads to {replica}, which does not hold it. In a chain of buckets, S3 does not replicate replicas; in a pair with rules both ways, the marker came from {replica} and was removed there.",
		why:  undeleted,
		next: "In a chain, let its first bucket replicate to {replica} as well. In a pair, nobody need have done wrong: removing a delete marker by its version id undeletes the object on purpose. If the object should be deleted in {replica}, " + deleteAgain,
	}},
	{reason.ReplicaNotReplicated, nil, words{
		what: "This version in {primary} is itself a replica from another bucket. A rule of {primary} leads to {replica}, which does not hold it. In a chain of buckets, S3 does not replicate replicas; in a pair with rules both ways, the version came from {replica} and is gone there.",
		why:  "{replica} can't give this version back; in a chain, nor any other that reaches {primary} by replication.",
		next: "In a chain, let its first bucket replicate to {replica} as well; the next rule takes replicas only through " + batchJob + ", which brings this version to {replica}. In a pair, nobody need have done wrong: a lifecycle rule of {replica} or an erasure by version id removed it, and Batch Replication does not bring back what was deleted by its version id; to have it there again, " + anew + " " + lookAgain, copying: true,
	}},
}
