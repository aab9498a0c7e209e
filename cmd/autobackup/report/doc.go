// Package report writes what an audit came to: the first screen, and a folder that
// others can be given. Object keys are chosen by whoever may upload, so nothing here
// hands one to a terminal, a browser, a spreadsheet or a shell as it is.
package report
