package computed

// Version ids are 32 characters of these. The first eleven are the row's number,
// scattered; the others follow from it.
const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz."
	idLength = 32
	word     = 11 // characters for 64 bits
	scatter  = 0x9e3779b97f4a7c15
)

// gather undoes what multiplying by scatter does: their product is 1.
var gather = func() uint64 {
	inverse := uint64(scatter)
	for range 6 { // each time twice as many bits are right
		inverse *= 2 - scatter*inverse
	}
	return inverse
}()

func appendVersion(b []byte, row int64) []byte {
	n, end := uint64(row), len(b)+idLength
	for _, bits := range [...]uint64{n * scatter, random(row, ofVersion), random(row, ofVersionToo)} {
		for shift := 60; shift >= 0 && len(b) < end; shift -= 6 {
			b = append(b, alphabet[bits>>shift&63])
		}
	}
	return b
}

// digit is a character's place in the alphabet.
var digit = func() (d [256]uint64) {
	for i := range len(alphabet) {
		d[alphabet[i]] = uint64(i)
	}
	return d
}()

// row is whose a version id is. What is none may come to a row, too, whose id it
// is not.
func (l layout) row(id string) (row int64, ok bool) {
	if len(id) != idLength {
		return 0, false
	}
	n := uint64(0)
	for i := range word {
		n = n<<6 | digit[id[i]]
	}
	n *= gather
	if n >= uint64(l.rows) {
		return 0, false
	}
	row = int64(n)
	return row, string(appendVersion(nil, row)) == id
}
