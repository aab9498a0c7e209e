package events

// ParseTimes tells the times of a schedule.
var ParseTimes = parseTimes
