// Package course is what an execution went through: its history in, the stays in its states, how
// often each was taken, and what became of each object out. It knows no AWS types and no clock.
//
// What a history does not have is not made up: an execution whose history was read in part has the
// stays of that part, and an object without a look has no sides.
package course
