package attach

// Place is what a call is done to.
type Place string

// The places.
const (
	Primary  Place = "primary"
	Replica  Place = "replica"
	Work     Place = "work"    // the stage's working bucket
	Records  Place = "records" // in it
	Stack    Place = "stack"   // the primary one
	Anything Place = "anything"
)

// Permission is an IAM action that a command needs, by the API operation that it makes.
type Permission struct {
	Operation string // as the SDK names it
	Action    string // empty: AWS asks for none
	On        []Place
	Attach    bool // attach needs it
	Detach    bool // detach needs it
}

var both, primary = []Place{Primary, Replica}, []Place{Primary}

// Permissions are all calls that the commands make.
var Permissions = []Permission{
	{Operation: "GetCallerIdentity", On: []Place{Anything}, Attach: true, Detach: true},
	{Operation: "ListRules", Action: "events:ListRules", On: []Place{Anything}, Attach: true, Detach: true},
	{Operation: "DescribeStacks", Action: "cloudformation:DescribeStacks", On: []Place{Stack}, Attach: true},
	{Operation: "HeadBucket", Action: "s3:ListBucket", On: both, Attach: true},
	{Operation: "GetBucketVersioning", Action: "s3:GetBucketVersioning", On: both, Attach: true},
	{Operation: "GetBucketReplication", Action: "s3:GetReplicationConfiguration", On: primary, Attach: true},
	{Operation: "GetBucketNotificationConfiguration", Action: "s3:GetBucketNotification", On: primary, Attach: true, Detach: true},
	{Operation: "GetBucketEncryption", Action: "s3:GetEncryptionConfiguration", On: both, Attach: true},
	{Operation: "GetObjectLockConfiguration", Action: "s3:GetBucketObjectLockConfiguration", On: both, Attach: true},
	{Operation: "GetBucketLifecycleConfiguration", Action: "s3:GetLifecycleConfiguration", On: both, Attach: true},
	{Operation: "GetBucketPolicy", Action: "s3:GetBucketPolicy", On: both, Attach: true},
	{Operation: "GetBucketRequestPayment", Action: "s3:GetBucketRequestPayment", On: both, Attach: true},
	{Operation: "GetBucketTagging", Action: "s3:GetBucketTagging", On: primary, Attach: true},
	{Operation: "PutBucketNotificationConfiguration", Action: "s3:PutBucketNotification", On: primary, Attach: true, Detach: true},
	// Who may list is told by 404 that there is no record, and anybody else by 403.
	{Operation: "ListBucket", Action: "s3:ListBucket", On: []Place{Work}, Attach: true, Detach: true},
	{Operation: "GetObject", Action: "s3:GetObject", On: []Place{Records}, Attach: true, Detach: true},
	{Operation: "PutObject", Action: "s3:PutObject", On: []Place{Records}, Attach: true, Detach: true},
	{Operation: "DeleteObject", Action: "s3:DeleteObject", On: []Place{Records}, Detach: true},
}

func action(operation string) string {
	for _, p := range Permissions {
		if p.Operation == operation {
			return p.Action
		}
	}
	return ""
}
