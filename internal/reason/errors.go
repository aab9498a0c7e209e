package reason

// Names of the errors that a function answers an invocation with: the values
// that ErrorEquals matches in statemachine/validate.asl.json. Every error of
// every function has one of them.
const (
	// BadInput: the payload is not what the function takes. The same payload
	// fails again, so it is never retried.
	BadInput = "Autobackup.BadInput"
	// Transient: AWS throttled a call, answered 5xx, or did not answer in time.
	// Retried.
	Transient = "Autobackup.Transient"
	// Internal: a bug, or a call that AWS refused for good. The function's log
	// has the details, of a panic also the stack.
	Internal = "Autobackup.Internal"
)
