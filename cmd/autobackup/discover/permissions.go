package discover

// Permission is an IAM action that discover needs, by the API operation that it makes.
type Permission struct {
	Service   string // as the SDK names it
	Operation string
	Action    string // empty: AWS asks for none
	Why       string
	Caller    bool // needed by who types the command, and not by the role of other accounts
}

// Permissions are all calls that discover makes. Each is a read, on all resources.
var Permissions = []Permission{
	{Service: "STS", Operation: "GetCallerIdentity", Why: "tells whose buckets these are"},
	{Service: "STS", Operation: "AssumeRole", Action: "sts:AssumeRole", Why: "reads other accounts, with --role", Caller: true},
	{Service: "S3", Operation: "ListBuckets", Action: "s3:ListAllMyBuckets", Why: "lists the buckets"},
	{Service: "S3", Operation: "GetBucketLocation", Action: "s3:GetBucketLocation", Why: "tells a bucket's region where the list doesn't"},
	{Service: "S3", Operation: "GetBucketVersioning", Action: "s3:GetBucketVersioning", Why: "without versioning nothing replicates"},
	{Service: "S3", Operation: "GetBucketReplication", Action: "s3:GetReplicationConfiguration", Why: "the rules, what they cover and where to"},
	{Service: "S3", Operation: "GetBucketNotificationConfiguration", Action: "s3:GetBucketNotification", Why: "whether EventBridge gets a bucket's events"},
	{Service: "S3", Operation: "GetObjectLockConfiguration", Action: "s3:GetBucketObjectLockConfiguration", Why: "Object Lock"},
	{Service: "EventBridge", Operation: "ListRules", Action: "events:ListRules", Why: "which buckets are validated"},
	{Service: "S3", Operation: "ListDirectoryBuckets", Action: "s3express:ListAllMyDirectoryBuckets", Why: "counts directory buckets"},
	{Service: "S3Tables", Operation: "ListTableBuckets", Action: "s3tables:ListTableBuckets", Why: "counts table buckets"},
	{Service: "S3Vectors", Operation: "ListVectorBuckets", Action: "s3vectors:ListVectorBuckets", Why: "counts vector buckets"},
	{Service: "S3 Control", Operation: "ListAccessPoints", Action: "s3:ListAccessPoints", Why: "counts access points"},
}

// action is the IAM action of an operation.
func action(operation string) string {
	for _, p := range Permissions {
		if p.Operation == operation {
			return p.Action
		}
	}
	return ""
}
