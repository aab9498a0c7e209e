// Package attach is the commands attach and detach: they have the uploads into buckets that
// exist validated, and take that back. What follows from what is read, internal/attach says;
// here it is read, shown, asked for and done.
package attach
