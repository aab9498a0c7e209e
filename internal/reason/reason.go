// Package reason holds the names that other parties rely on: reason codes
// (alerts, message attributes, metrics, runbooks and the CLI use them) and the
// error names that the functions answer with and the state machine's
// ErrorEquals lists match. A code is an interface: add, never rename.
package reason

// Code says why an object version is not verified. It is the value of the
// "reason" attribute of a parked message.
type Code string

// Reasons of a failed verdict. Each is alerted and parked.
const (
	SizeMismatch      Code = "SIZE_MISMATCH"
	ContentMismatch   Code = "CONTENT_MISMATCH"
	Inconclusive      Code = "INCONCLUSIVE"
	ReplicaMissing    Code = "REPLICA_MISSING"
	ReplicationFailed Code = "REPLICATION_FAILED"
	NotReplicated     Code = "NOT_REPLICATED"
	UnreadableSSEC    Code = "UNREADABLE_SSE_C"
	Archived          Code = "ARCHIVED"
	AccessDenied      Code = "ACCESS_DENIED"
	Unreachable       Code = "UNREACHABLE"
	MalformedEvent    Code = "MALFORMED_EVENT"
	// MetadataDiffers: the content is verified, but other settings of the object
	// are not the same on both sides. Without Policy.AlertMetadata it is no
	// verdict but a finding about a verified one.
	MetadataDiffers Code = "METADATA_DIFFERS"
	// RuleNotSupported: the bucket's replication rules select by tag, which a
	// look at the object's headers cannot follow, or lead to more replicas than
	// are compared.
	RuleNotSupported Code = "RULE_NOT_SUPPORTED"
	// WorkflowError: the execution broke before a verdict, or reading the
	// object's bytes did; nothing is known about the object.
	WorkflowError Code = "WORKFLOW_ERROR"
)

// Reasons of a skipped verdict. Nothing is wrong; nothing is alerted.
const (
	IsReplica           Code = "IS_REPLICA"
	SourceDeleted       Code = "SOURCE_DELETED"
	LifecycleMarker     Code = "LIFECYCLE_MARKER"
	MarkerNotReplicated Code = "MARKER_NOT_REPLICATED"
)
