// Package overview is what a stage has done lately, in one screen, below what doctor says: figures
// in, words out. It knows no AWS types and no clock; cmd/autobackup/overview reads the figures.
//
// What could not be read is unknown and never fine. That there is no data is told as that: it is
// not none.
package overview
