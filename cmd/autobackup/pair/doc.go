// Package pair reads two buckets, whoever's they are and wherever: each side with its
// own credentials, region and endpoint. It is what audit and explain share, and calls
// nothing that writes.
package pair
