package iam

// Kind is what a policy is attached to, which decides what it may hold.
type Kind string

// The kinds.
const (
	Identity Kind = "identity-based policy" // of a role or a user; a boundary is one, too
	Bucket   Kind = "bucket policy"
	Queue    Kind = "queue policy"
	Topic    Kind = "topic policy"
	Key      Kind = "key policy"
	Function Kind = "function policy"
	Trust    Kind = "role trust policy"
)

// ofResource says whether a policy names who it is for. An identity's are for the
// identity.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (k Kind) ofResource() bool { return k != Identity }

// namesResources says whether a policy names what it is about: a role's trust policy
// is about the role, and IAM refuses one with a resource.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html
func (k Kind) namesResources() bool { return k != Trust }

// Side is where a statement stands that decided, or where one is missing.
type Side string

// The sides, in AWS's words.
const (
	IdentitySide Side = "identity-based policy"
	BoundarySide Side = "permissions boundary"
	ResourceSide Side = "resource-based policy"
)

// The sides that nothing is evaluated of here: see Request.DeniedBy.
const (
	SCPSide      Side = "service control policy"
	RCPSide      Side = "resource control policy"
	SessionSide  Side = "session policy"
	EndpointSide Side = "VPC endpoint policy"
	ACLSide      Side = "access control list" // of which S3 tells nothing
)
