// Package doctor is the command doctor: it reads what a deployed stage rests on, and has
// the deployed fetch-etags look at a version of each bucket. What follows from that,
// internal/doctor says. Nothing is changed; permissions.go has all calls.
package doctor
