package events

// Next tells the times of a schedule.
var Next = next
