// Package autobackup is the template that the functions beside it are deployed with. They
// have it in them so that what they write can say by which one they were.
package autobackup

import _ "embed" // for the template

// Template is template.yaml.
//
//go:embed template.yaml
var Template string
