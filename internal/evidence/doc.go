// Package evidence is what is kept of endings: files of what became of object versions, a
// manifest for each day that vouches for the day's files and for the manifest before, and
// what somebody who trusts neither can say about them. It reads and writes no store: names
// and contents are handed in. docs/evidence.md describes the files for those who read them
// without this program.
package evidence
