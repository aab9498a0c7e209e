package alert

import "autobackup/internal/reason"

// Roles that a refused call may be of.
const (
	fetchETags = "the role of the function autobackup-fetch-etags-{stage}"
	hashBytes  = "the role of the function autobackup-hash-bytes-{stage} in the region of the side that the line above names"
	sseC       = "Ask the uploader to compare both copies with the key, or to upload with SSE-S3 or SSE-KMS instead. A bucket can refuse uploads with SSE-C (BlockedEncryptionTypes in aws s3api put-bucket-encryption)."
	// overruled is for a policy that no grant overrules.
	overruled = "A grant to a role won't help: the line above names the policy that refuses. Service and resource control policies are the organization's: who manages it can except the role. A VPC endpoint's policy is with the endpoint, a permissions boundary is what PermissionsBoundaryArn names, and an explicit deny elsewhere is to be taken out of the policy of that kind. " + lookAgain
	deny      = " Look for a deny in the policy of the bucket and of its key, and in the organization's policies."
)

// unreadRows are about a side that shows nothing to compare.
var unreadRows = []row{
	{reason.AccessDenied, all(forbidden, byBytes), words{
		what: "The bytes of both sides were to be read, because what S3 stores of the two copies does not decide, and the call that the line above names was refused by a policy that no grant overrules.",
		why:  unknowing,
		next: overruled,
	}},
	{reason.AccessDenied, all(forbidden, ofPrimary), words{
		what: "S3 refused the call about {primary} that the line above names (403), because of a policy that no grant overrules. Nothing was compared.",
		why:  unknowing,
		next: overruled,
	}},
	{reason.AccessDenied, forbidden, words{
		what: "S3 refused the call about {replica} that the line above names (403), because of a policy that no grant overrules. This replica was not compared.",
		why:  unknowing,
		next: overruled,
	}},
	{reason.AccessDenied, byBytes, words{
		what: "The bytes of both sides were to be read, because what S3 stores of the two copies does not decide, and the call that the line above names was refused: a permission is missing.",
		why:  unknowing,
		next: "Allow " + hashBytes + " s3:GetObjectVersion on that bucket, and kms:Decrypt on the key of the object. If Invoke was refused, allow the role of autobackup-compare-bytes-{stage} lambda:InvokeFunction on that function." + deny + " " + lookAgain,
	}},
	{reason.AccessDenied, ofPrimary, words{
		what: "S3 refused the call about {primary} that the line above names (403, or 401): a permission is missing. Nothing was compared.",
		why:  unknowing,
		next: "Allow " + fetchETags + " s3:GetObjectVersion, s3:ListBucket and s3:ListBucketVersions (without these two, S3 may answer 403 for what is missing, too) and s3:GetReplicationConfiguration on {primary}, s3:GetObjectVersionTagging where its rules select by tag, and kms:Decrypt on the key of the object." + deny + " " + lookAgain,
	}},
	{reason.AccessDenied, nil, words{
		what: "S3 refused the call about {replica} that the line above names (403, or 401): a permission is missing. This replica was not compared.",
		why:  unknowing,
		next: "Allow " + fetchETags + " s3:GetObjectVersion, s3:ListBucket and s3:ListBucketVersions (without these two, S3 may answer 403 for what is missing, too) on {replica}, and kms:Decrypt on the key of the object; where {replica} is in another account, in that bucket's policy and the key's as well." + deny + " " + lookAgain,
	}},
	{reason.UnreadableSSEC, byBytes, words{
		what: "The bytes of both sides were to be read, because what S3 stores of the two copies does not decide, and the side that the line above names is encrypted with a key that only the uploader holds (SSE-C). No difference was found.",
		why:  "The backup of this object can't be validated by Autobackup.",
		next: sseC,
	}},
	{reason.UnreadableSSEC, nil, words{
		what: "The object in {place} is encrypted with a key that only the uploader holds (SSE-C). S3 shows nothing about it without that key, so nothing was compared.",
		why:  "The backup of this object can't be validated by Autobackup.",
		next: sseC,
	}},
	{reason.Archived, nil, words{
		what: "What S3 stores of the two copies does not decide, and the bytes could not be read: the side that the line above names is in an archive storage class or tier. No difference was found.",
		why:  "The backup of this object is not validated.",
		next: "Restore the version on that side for a few days (aws s3api restore-object), wait until S3 says that it is restored (the commands below show it), and have the message looked at again (see the end). Nothing is restored by itself, because that costs money.",
	}},
	{reason.NoReader, nil, words{
		what: "The bytes of both sides were to be read, each in its own region, because what S3 stores of the two copies does not decide; and in the region that the line above names, no hash-bytes function of this deployment is to be found. {primary} is in {primaryRegion}, {replica} in {replicaRegion}.",
		why:  "The backup of this object is not validated. No difference was found.",
		next: "Deploy replica.yaml with the same Stage in that region; in the region of {primary}, template.yaml has the function. The parameter ReplicaRegion of template.yaml must be the region in which replica.yaml is deployed, and that of the replica bucket; where replicas are in several regions, ReplicaHashBytesArns must have the function of each. If nobody may read the bytes there, set ByteVerification=never: stored checksums alone decide then. " + lookAgain,
	}},
	{reason.Unreachable, byBytes, words{
		what: "The bytes of both sides were to be read, because what S3 stores of the two copies does not decide, and S3 kept answering one side with errors (server errors, throttling, time-outs), as the line above says. No difference was found.",
		why:  unknowing + " S3 also answers so where it holds damaged bytes that it does not hand out.",
		next: "Check the AWS Health Dashboard of both regions and the request metrics of both buckets. " + lookAgain + " If one object keeps failing so while others do not, tell AWS Support.",
	}},
	{reason.Unreachable, nil, words{
		what: "In several looks in a row, S3 gave no answer about {place} that says anything about this version (server errors, throttling, time-outs, or no such bucket), as the line above says. It was not compared.",
		why:  unknowing,
		next: "Check that {place} exists, the AWS Health Dashboard of both regions, and the request metrics of both buckets. " + lookAgain,
	}},
	{reason.RuleNotSupported, nil, words{
		what: "The replication rules of {primary} are of a kind that Autobackup does not follow: they name more than three replica buckets for this object, as the line above says. Nothing was compared.",
		why:  "Not every replica that this object should have can be looked at, so its backup is not validated.",
		next: "Let the rules replicate an object to at most three buckets (the first command below shows the rules). " + lookAgain,
	}},
}
