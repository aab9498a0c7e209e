// Package diagram draws a state machine: its definition in, boxes and lines with their places out.
// It measures no fonts and writes no SVG: whoever shows the places escapes the names.
//
// States are put into rows, each below the rows that lead to it; a line that leads back up does
// not count for that. A line over several rows passes each at a place of its own, so that it runs
// between the boxes. The order in a row is by the middle of what a box is joined to, a few times
// down and up: the way of Sugiyama and others, without what makes it perfect.
package diagram
