// Package doctor says whether a deployed stage is as it must be: facts in, findings out. It
// knows no AWS types and no clock; cmd/autobackup/doctor reads the facts.
//
// What could not be read is unknown and never fine, and nothing is said of what was not
// looked at. A finding follows from one fact: what follows from another finding alone, such
// as that a disabled rule takes no bucket's uploads, is not told beside it.
package doctor
