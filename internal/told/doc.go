// Package told holds the rules of one sender of e-mails: what operators were
// told, what they are to be told next, and when. It is pure: the memory travels
// as JSON, and the time comes as a parameter.
package told
