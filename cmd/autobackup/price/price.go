// Package price tells what requests cost, in US dollars at the list prices of
// us-east-1, without any free tier. Other regions charge up to twice as much.
package price

import (
	"math"
	"strconv"
	"strings"
)

// Prices of 2026 (https://aws.amazon.com/s3/pricing/, https://aws.amazon.com/kms/pricing/).
const (
	List     = 5.00 // a million PUT, COPY, POST and LIST requests
	Get      = 0.40 // a million requests of any other kind
	KMS      = 3.00 // a million requests, which objects under SSE-KMS without a bucket key take
	Transfer = 0.02 // a GB that leaves a region of the United States for another; up to 0.09 to the internet
	GB       = 1 << 30
)

// Requests is what was sent costs, by the operations' names. What AWS KMS and the
// transfer of bytes cost is not in it.
func Requests(sent map[string]int64) (dollars float64) {
	for operation, n := range sent {
		dollars += float64(n) * Of(operation) / 1e6
	}
	return dollars
}

// Of is what a million requests of an operation cost. Calls of other services that an
// audit makes are free.
func Of(operation string) float64 {
	if strings.HasPrefix(operation, "List") || strings.HasPrefix(operation, "Put") || strings.HasPrefix(operation, "HeadBucket") {
		return List
	}
	return Get
}

// Text is dollars for people: in cents, and below a cent with its first two digits, so
// that little never looks like nothing.
func Text(dollars float64) string {
	const cents = 2
	if dollars <= 0 || dollars >= 0.01 {
		return "$" + strconv.FormatFloat(dollars, 'f', cents, 64)
	}
	digits := 1 - int(math.Floor(math.Log10(dollars)))
	return "$" + strings.TrimRight(strconv.FormatFloat(dollars, 'f', digits, 64), "0")
}
