package s3error

// Transient marks an error that another try may not meet.
func Transient(err error) error { return transient{err} }

type transient struct{ error }

// Unwrap shows what it is.
func (t transient) Unwrap() error { return t.error }

// RetryableError tells whoever tries again, as the SDK's errors do.
func (transient) RetryableError() bool { return true }
