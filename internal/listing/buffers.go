package listing

import "sync"

// pool keeps the memory of bodies, which are half a megabyte for each page.
type pool struct{ free sync.Pool }

var buffers pool

// get is an empty buffer with room for size bytes at least.
func (p *pool) get(size int) []byte {
	if buffer, ok := p.free.Get().(*[]byte); ok && cap(*buffer) >= size {
		return (*buffer)[:0]
	}
	return make([]byte, 0, size)
}

func (p *pool) put(buffer []byte) { p.free.Put(&buffer) }
