package local

import (
	"encoding/binary"
	mathrand "math/rand/v2"
	"sync"

	"github.com/google/uuid"
)

// ids makes the ids of a stack from its seed.
type ids struct {
	mu     sync.Mutex
	source *mathrand.ChaCha8
}

func newIDs(seed uint64) *ids {
	var bytes [32]byte
	binary.LittleEndian.PutUint64(bytes[:], seed)
	return &ids{source: mathrand.NewChaCha8(bytes)}
}

// Read gives random bytes, and never fails.
func (i *ids) Read(b []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.source.Read(b)
}

// position is where the ids are, so that others can go on from there.
func (i *ids) position() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	position, _ := i.source.MarshalBinary() // never fails
	return position
}

// goOn goes on where others were.
func (i *ids) goOn(position []byte) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.source.UnmarshalBinary(position)
}

func (i *ids) next() string {
	id, _ := uuid.NewRandomFromReader(i) // Read never fails
	return id.String()
}
