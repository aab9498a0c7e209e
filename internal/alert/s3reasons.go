package alert

import (
	"slices"
	"strings"
)

// s3reason is what operators are told about one failureReason of S3: what S3 says,
// and what mends it.
type s3reason struct {
	code, what, next string
	// since is what the backup check found of the same, where it looked.
	since string
	// onlyNew is set where Batch Replication does not help; done where nothing is
	// to be done after next.
	onlyNew, done bool
}

const (
	role       = "the replication role (autobackup-{stage}-replication-<category>, or the one that the rules of {primary} name)"
	admit      = "Allow s3:ReplicateObject on {replica}, in " + role + " and, where {replica} is in another account, in its policy."
	readSource = "Allow s3:GetObjectVersionForReplication on {primary} in " + role + "."
	templates  = "The templates of Autobackup don't replicate so: find out who changed the buckets, and deploy them again."
	batchOnly  = "This reason belongs to a job of S3 Batch Replication: correct the job, run it again, and have the message looked at again (see the end)."
	stillThere = " But the backup check found it there since."
	unseen     = " Where all of that is allowed, look for a deny: in the policies of the bucket and of its key, in the role's permissions boundary, and in the organization's policies, which no grant overrules; S3 doesn't tell which."
	fromThere  = "Find out whether something else than S3's replication changes {primary} while it replicates."
)

// s3reasons are all that S3 documents.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html#replication-failure-codes
var s3reasons = []s3reason{
	{code: "AssumeRoleNotPermitted", what: "it may not take the replication role.", next: "Check that " + role + " exists and trusts s3.amazonaws.com."},
	{code: "DstBucketInvalidRegion", what: "{replica} is in another region than the batch job says.", next: batchOnly, done: true},
	{code: "DstBucketNotFound", what: "the bucket {replica} does not exist.", next: "Deploy the replica stack first, and check ReplicaAccount and Stage of both stacks."},
	{code: "DstBucketObjectLockConfigMissing", what: "{primary} has Object Lock and {replica} has none.", next: "Turn on Object Lock for {replica}. " + templates},
	{code: "DstBucketUnversioned", what: "{replica} keeps no versions.", next: "Turn on versioning for {replica}. " + templates},
	{code: "DstDelObjNotPermitted", what: "it may not write the delete marker to {replica}.", next: "Allow s3:ReplicateDelete on {replica}, in " + role + " and, where {replica} is in another account, in its policy."},
	{code: "DstKmsKeyInvalidState", what: "the key of {replica} is disabled or is to be deleted.", next: "Enable the key in AWS KMS, or cancel its deletion."},
	{code: "DstKmsKeyNotFound", what: "the key that the replica should be encrypted with does not exist.", next: "Set ReplicaKmsKeyArn to the replica stack's output StorageKeyArn and deploy, or name a key that exists in the rule of {primary}."},
	{code: "DstMultipartCompleteNotPermitted", what: "it may not complete a multipart upload in {replica}.", next: admit},
	{code: "DstMultipartInitNotPermitted", what: "it may not begin a multipart upload in {replica}.", next: admit},
	{code: "DstMultipartUploadNotPermitted", what: "it may not upload the parts to {replica}.", next: admit},
	{code: "DstObjectHardDeleted", what: "the version was deleted by its version id from {replica}, and S3 Batch Replication does not bring such a version back.", next: "If it was deleted on purpose, nothing is wrong.", onlyNew: true},
	{code: "DstPutAclNotPermitted", what: "it may not write the access control list to {replica}.", next: admit},
	{code: "DstPutLegalHoldNotPermitted", what: "it may not set the legal hold in {replica}.", next: "Allow s3:PutObjectLegalHold on {replica} in " + role + ". " + templates},
	{code: "DstPutObjectNotPermitted", what: "it may not write to {replica}, or not encrypt with the key of the replica.", next: admit + " With {replica} in another account also s3:ObjectOwnerOverrideToBucketOwner; with SSE-KMS also kms:Encrypt, kms:Decrypt and kms:GenerateDataKey on the replica's key, in the role and in the key's policy. See that {replica} does not block the kind of encryption (BlockedEncryptionTypes)."},
	{code: "DstPutRetentionNotPermitted", what: "it may not set the retention in {replica}.", next: "Allow s3:PutObjectRetention on {replica} in " + role + ". " + templates},
	{code: "DstPutTaggingNotPermitted", what: "it may not write the tags to {replica}.", next: "Allow s3:ReplicateTags and s3:ReplicateObject on {replica}, in " + role + " and, where {replica} is in another account, in its policy."},
	{code: "DstVersionNotFound", what: "it did not find the version that the change belongs to in {replica}.", next: "See what became of the version's own replication, which is a failure of its own where it failed."},
	{code: "InitiateReplicationNotPermitted", what: "the batch job may not begin a replication.", next: "Allow s3:InitiateReplication in the job's role. " + batchOnly, done: true},
	{code: "SrcBucketInvalidRegion", what: "{primary} is in another region than the batch job says.", next: batchOnly, done: true},
	{code: "SrcBucketNotFound", what: "it did not find the bucket {primary}.", since: stillThere, next: "Find out whether the bucket was deleted and made anew."},
	{code: "SrcBucketReplicationConfigMissing", what: "it found no replication rules of {primary}.", since: " But the backup check found some since.", next: "Find out who took the rules away and put them back, and when: versions that were uploaded meanwhile have no replica."},
	{code: "SrcGetAclNotPermitted", what: "it may not read the access control list of the version.", next: "Allow s3:GetObjectVersionAcl on {primary} in " + role + ", and let the owner of {primary} own its objects (Object Ownership: bucket owner enforced)."},
	{code: "SrcGetLegalHoldNotPermitted", what: "it may not read the legal hold of the version.", next: "Allow s3:GetObjectLegalHold on {primary} in " + role + ". " + templates},
	{code: "SrcGetObjectNotPermitted", what: "it may not read the version in {primary}, or not decrypt it.", next: readSource + " With SSE-KMS also kms:Decrypt on the primary's key."},
	{code: "SrcGetRetentionNotPermitted", what: "it may not read the retention of the version.", next: "Allow s3:GetObjectRetention on {primary} in " + role + ". " + templates},
	{code: "SrcGetTaggingNotPermitted", what: "it may not read the tags of the version.", next: "Allow s3:GetObjectVersionTagging on {primary} in " + role + "."},
	{code: "SrcHeadObjectNotPermitted", what: "it may not read what {primary} records about the version.", next: readSource},
	{code: "SrcKeyNotFound", what: "it did not find the key in {primary}.", since: stillThere, next: fromThere},
	{code: "SrcKmsKeyInvalidState", what: "the key that the upload is encrypted with is disabled or is to be deleted.", next: "Enable the key in AWS KMS, or cancel its deletion."},
	{code: "SrcObjectNotEligible", what: "the version can't be replicated, because of its storage class or because no rule fits its tags.", next: "Compare the version's storage class and tags with the rules of {primary}. S3 replicates nothing from GLACIER and DEEP_ARCHIVE: upload into another class. Where it is the tags, let a rule take the version, and upload it again.", done: true},
	{code: "SrcObjectNotFound", what: "it did not find the object in {primary}.", since: stillThere, next: fromThere},
	{code: "SrcReplicationNotPending", what: "it had replicated the version before.", next: "See by the commands below what {replica} holds. What was deleted there by its version id is not brought back by S3 Batch Replication.", onlyNew: true},
	{code: "SrcVersionNotFound", what: "it did not find this version in {primary}.", since: stillThere, next: fromThere},
}

// unknownS3reason stands for a reason that S3 has added since.
var unknownS3reason = s3reason{
	what: "one that this version of Autobackup has no words for.",
	next: "Look the reason up in S3's list: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html",
}

func s3reasonOf(code string) s3reason {
	if i := slices.IndexFunc(s3reasons, func(r s3reason) bool { return r.code == code }); i >= 0 {
		return s3reasons[i]
	}
	return unknownS3reason
}

// withCause adds S3's reason to the words of a failed replication.
func (f finding) withCause(w words) words {
	r := s3reasonOf(f.Cause)
	w.what += " S3's reason is {cause}: " + r.what
	if !unlooked(f) {
		w.what += r.since
	}
	then := "Then " + w.next
	switch {
	case r.done:
		then, w.copying = "", false
	case r.onlyNew && ofChange(f):
		then = "Make the change again, if it is still missing there."
	case r.onlyNew && !f.marker:
		then = "To have a replica, " + anew
	case ofChange(f):
		then = w.next
	}
	w.next = r.next
	if strings.HasSuffix(f.Cause, "NotPermitted") && !r.done {
		w.next += unseen
	}
	if then != "" {
		w.next += " " + then
	}
	return w
}
