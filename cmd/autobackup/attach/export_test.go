package attach

import "io"

// Parameters prints what the stacks must be given for buckets that no local stack can make.
func (r *Report) Parameters(w io.Writer) error { return r.printParameters(w, nil) }

// WriteParameters writes them for such buckets.
func (r *Report) WriteParameters(file string) error { return r.writeParameters(file, nil) }
