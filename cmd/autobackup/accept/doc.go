// Package accept is the command that takes findings which people know and mean out of
// the next audits, and the file in which it notes them for others to review.
package accept
