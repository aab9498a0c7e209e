package conformance

// Difference is a test that a server fails because it does otherwise than AWS
// documents.
type Difference struct {
	Server    string // "minio"
	Test      string
	Documents string // what AWS documents, in a few words
	Address   string // of the document
	Says      string // what the server does instead
	Matters   string // for Autobackup
	// fails has a piece of every message that the test may fail with.
	fails []string
}

// Differences are all that are known. docs/s3-conformance.md shows them.
func Differences() []Difference { return differences }

func differing(server, test string) *Difference {
	for i := range differences {
		if differences[i].Server == server && differences[i].Test == test {
			return &differences[i]
		}
	}
	return nil
}

var differences = []Difference{}
