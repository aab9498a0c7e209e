package reason

// Reasons that only an audit gives, beside those above.
const (
	Young              Code = "YOUNG"
	NotCovered         Code = "NOT_COVERED"
	BeforeRule         Code = "BEFORE_RULE"
	NullVersion        Code = "NULL_VERSION"
	LifecycleOnReplica Code = "LIFECYCLE_ON_REPLICA"
	LifecycleOnPrimary Code = "LIFECYCLE_ON_PRIMARY"
	ErasureRecent      Code = "ERASURE_RECENT"
	Changed            Code = "CHANGED_MEANWHILE"

	MarkerMissing Code = "MARKER_MISSING"
	NotErased     Code = "NOT_ERASED"
	ReplicaOnly   Code = "REPLICA_ONLY"
	LockDiffers   Code = "LOCK_DIFFERS"

	MissingNotLookedAt   Code = "MISSING_NOT_LOOKED_AT"
	SurplusNotLookedAt   Code = "SURPLUS_NOT_LOOKED_AT"
	DifferentNotLookedAt Code = "DIFFERENT_NOT_LOOKED_AT"
)
