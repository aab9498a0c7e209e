// Package console is the page of a deployed stage: what status shows, executions as graphs, looks at
// versions and e-mails as the functions logged them, parked messages where somebody asks for some, and
// reports of audits. It asks the same APIs as the other
// commands, with the caller's credentials, and changes nothing, unless
// it is started so that it may act: then it does what the commands retry and discard do, by their code
// (docs/decisions/0077-the-page-acts-by-the-commands.md). All of it is rendered here: the
// page has one style, one script that fetches it again, and nothing of anywhere else.
//
// Whatever others chose, such as keys, goes through visible and html/template.
package console
