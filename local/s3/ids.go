package s3

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// versionAlphabet is the one of base64, with the signs S3 uses in version ids.
var versionAlphabet = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._")

// random is one source of ids for all requests. It never ends and never fails.
type random struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// Read implements io.Reader.
func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}

func (r *random) bytes(n int) []byte {
	p := make([]byte, n)
	_, _ = r.Read(p) // never fails
	return p
}

// versionID is 32 characters long, as S3's are.
func (r *random) versionID() string { return versionAlphabet.EncodeToString(r.bytes(24)) }

func (r *random) uploadID() string { return versionAlphabet.EncodeToString(r.bytes(48)) }

func (r *random) requestID() string { return strings.ToUpper(hexOf(r.bytes(8))) }

func (r *random) eventID() string { return uuid.Must(uuid.NewRandomFromReader(r)).String() }

// etag looks like an MD5 and is none, as the ETags of encrypted objects.
func (r *random) etag() string { return hexOf(r.bytes(16)) }

func hexOf(p []byte) string { return hex.EncodeToString(p) }
