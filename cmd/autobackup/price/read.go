package price

// What reading bytes where they are takes (docs/decisions/0025): hash-bytes on each side, and
// the function audit, which keeps to its rate and waits for both.
const (
	gbSecond   = 0.0000133334 // dollars, of a function on arm64 (https://aws.amazon.com/lambda/pricing/)
	bytesASec  = 75e6         // of a hash-bytes
	firstByte  = 0.1          // seconds until a GET's first byte comes
	inFlight   = 8            // GETs that a hash-bytes has under way
	hashGB     = 0.5          // memory of hash-bytes
	waitGB     = 1.0          // memory of the function audit
	shares     = 4            // readings of which it waits for at once
	getsASec   = 100          // that it sends at least, of both sides
	blockBytes = 16 << 20     // of one GET
)

// class is what S3 charges for reading one object of a storage class beside what it charges
// for STANDARD (https://aws.amazon.com/s3/pricing/).
type class struct {
	get       float64 // a million GET requests
	retrieval float64 // a GB
}

var classes = map[string]class{
	"STANDARD_IA": {1.00, 0.01}, "ONEZONE_IA": {1.00, 0.01}, "GLACIER_IR": {10.00, 0.03},
}

// Read is what it costs to read the bytes of an object of some size on both sides: requests,
// functions and what their storage classes charge. With kms each request asks AWS KMS for the
// object's key.
func Read(size int64, kms bool, primary, replica string) (dollars float64) {
	gets := max((size+blockBytes-1)/blockBytes, 1)
	for _, name := range []string{primary, replica} {
		of, named := classes[name]
		if !named {
			of = class{get: Get}
		}
		if kms {
			of.get += KMS
		}
		dollars += float64(gets)*of.get/1e6 + float64(size)/GB*of.retrieval
	}
	reading := max(float64(size)/bytesASec, float64(gets)*firstByte/inFlight)
	waiting := max(reading/shares, 2*float64(gets)/getsASec)
	return dollars + (reading*2*hashGB+waiting*waitGB)*gbSecond
}
