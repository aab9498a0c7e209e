package conformance

// Difference is a test that a server fails because it does otherwise than AWS
// documents.
type Difference struct {
	Server  string // "minio"
	Test    string
	Address string // of AWS's document
	Says    string // what the server does instead
	Matters string // what follows for verdicts
	// fails has a piece of every message that the test fails with.
	fails []string
}

// Differences are all that are known; docs/s3-conformance.md has them as a
// table.
func Differences() []Difference {
	var all []Difference
	for _, d := range minioDifferences {
		d.Server = "minio"
		all = append(all, d)
	}
	return all
}

func differing(server, test string) *Difference {
	for _, d := range Differences() {
		if d.Server == server && d.Test == test {
			return &d
		}
	}
	return nil
}
