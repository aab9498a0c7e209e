package alert

import "slices"

// cause is what operators are told about one failureReason of S3.
type cause struct{ code, what, next string }

const (
	role       = "the replication role (autobackup-<stage>-replication-<category>)"
	admit      = "Allow s3:ReplicateObject on the replica bucket, in " + role + " and, where it is in another account, in the bucket's policy."
	readSource = "Allow s3:GetObjectVersionForReplication on the primary bucket in " + role + ", and look for a deny in the bucket's policy."
	deployed   = "The templates of Autobackup don't replicate so: find out who changed the buckets, and deploy them again."
	batchOnly  = "This reason belongs to a job of S3 Batch Replication: correct the job and run it again."
	gone       = "Nothing is wrong where somebody deleted the version on purpose. If not, find out who did, and restore it."
)

// causes are all that S3 documents.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html#replication-failure-codes
var causes = []cause{
	{"AssumeRoleNotPermitted", "It may not take the replication role.", "Check that " + role + " exists and trusts s3.amazonaws.com."},
	{"DstBucketInvalidRegion", "The replica bucket is in another region than the batch job says.", batchOnly},
	{"DstBucketNotFound", "The replica bucket does not exist.", "Deploy the replica stack first, and check ReplicaAccount and Stage of both stacks."},
	{"DstBucketObjectLockConfigMissing", "The primary bucket has Object Lock and the replica bucket has none.", "Turn on Object Lock for the replica bucket. " + deployed},
	{"DstBucketUnversioned", "The replica bucket keeps no versions.", "Turn on versioning for the replica bucket. " + deployed},
	{"DstDelObjNotPermitted", "It may not write the delete marker to the replica bucket.", "Allow s3:ReplicateDelete on the replica bucket in " + role + " and, where it is in another account, in the bucket's policy."},
	{"DstKmsKeyInvalidState", "The key of the replica bucket is disabled or is to be deleted.", "Enable the key in AWS KMS, or cancel its deletion."},
	{"DstKmsKeyNotFound", "The key that the replica should be encrypted with does not exist.", "Set ReplicaKmsKeyArn to the replica stack's output StorageKeyArn and deploy."},
	{"DstMultipartCompleteNotPermitted", "It may not complete a multipart upload in the replica bucket.", admit},
	{"DstMultipartInitNotPermitted", "It may not begin a multipart upload in the replica bucket.", admit},
	{"DstMultipartUploadNotPermitted", "It may not upload the parts to the replica bucket.", admit},
	{"DstObjectHardDeleted", "The version was deleted for good from the replica bucket, and S3 does not make it a second time.", "Upload the object again: that is a new version."},
	{"DstPutAclNotPermitted", "It may not write the access control list to the replica bucket.", admit},
	{"DstPutLegalHoldNotPermitted", "It may not set the legal hold on the replica.", "Allow s3:PutObjectLegalHold on the replica bucket in " + role + ". " + deployed},
	{"DstPutObjectNotPermitted", "It may not write to the replica bucket, or not encrypt with the replica's key.", admit + " With a replica in another account also s3:ObjectOwnerOverrideToBucketOwner; with SSE-KMS also kms:Encrypt, kms:Decrypt and kms:GenerateDataKey on the replica's key, in the role and in the key's policy."},
	{"DstPutRetentionNotPermitted", "It may not set the retention on the replica.", "Allow s3:PutObjectRetention on the replica bucket in " + role + ". " + deployed},
	{"DstPutTaggingNotPermitted", "It may not write the tags to the replica bucket.", "Allow s3:ReplicateTags on the replica bucket in " + role + " and, where it is in another account, in the bucket's policy."},
	{"DstVersionNotFound", "The replica bucket does not hold the version that the change is about.", "Look whether an alert told of the version's upload. If not, find out who deleted the replica."},
	{"InitiateReplicationNotPermitted", "The batch job may not begin a replication.", "Allow s3:InitiateReplication in the job's role. " + batchOnly},
	{"SrcBucketInvalidRegion", "The primary bucket is in another region than the batch job says.", batchOnly},
	{"SrcBucketNotFound", "The primary bucket does not exist.", "Find out who deleted it. The replica bucket still holds what was replicated."},
	{"SrcBucketReplicationConfigMissing", "The primary bucket has no replication rules any more.", deployed},
	{"SrcGetAclNotPermitted", "It may not read the access control list of the version.", "Allow s3:GetObjectVersionAcl on the primary bucket in " + role + "."},
	{"SrcGetLegalHoldNotPermitted", "It may not read the legal hold of the version.", "Allow s3:GetObjectLegalHold on the primary bucket in " + role + ". " + deployed},
	{"SrcGetObjectNotPermitted", "It may not read the version in the primary bucket, or not decrypt it.", readSource + " With SSE-KMS also kms:Decrypt on the primary's key."},
	{"SrcGetRetentionNotPermitted", "It may not read the retention of the version.", "Allow s3:GetObjectRetention on the primary bucket in " + role + ". " + deployed},
	{"SrcGetTaggingNotPermitted", "It may not read the tags of the version.", "Allow s3:GetObjectVersionTagging on the primary bucket in " + role + "."},
	{"SrcHeadObjectNotPermitted", "It may not read what the primary bucket records about the version.", readSource},
	{"SrcKeyNotFound", "The primary bucket does not hold the key any more.", gone},
	{"SrcKmsKeyInvalidState", "The key that the upload is encrypted with is disabled or is to be deleted.", "Enable the key in AWS KMS, or cancel its deletion."},
	{"SrcObjectNotEligible", "The version can't be replicated, because of its storage class or because no rule fits its tags.", "Compare the version's storage class and tags with the bucket's replication rules."},
	{"SrcObjectNotFound", "The primary bucket does not hold the object any more.", gone},
	{"SrcReplicationNotPending", "S3 says that the version was replicated before.", "Look whether the replica bucket holds it: the commands below show it."},
	{"SrcVersionNotFound", "The primary bucket does not hold this version any more.", gone},
}

// unknownCause stands for a reason that S3 has added since.
var unknownCause = cause{
	what: "S3's reason for it, shown below as S3 wrote it, is one that this version of Autobackup has no words for.",
	next: "Look the reason up in S3's list: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html",
}

func causeOf(code string) cause {
	if i := slices.IndexFunc(causes, func(c cause) bool { return c.code == code }); i >= 0 {
		return causes[i]
	}
	return unknownCause
}
