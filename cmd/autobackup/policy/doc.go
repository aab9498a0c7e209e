// Package policy is the command that prints the least IAM policy for each command of
// this program, and for each side that a command reads. A test runs the commands and
// holds the policies against the calls that they make.
package policy
