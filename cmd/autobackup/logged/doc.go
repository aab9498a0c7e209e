// Package logged reads what the functions of a stage have logged: what looks at versions came to,
// and the e-mails that the sender sent. It asks FilterLogEvents, for which AWS's list of prices has
// none, and not Logs Insights, which is paid by what it scans:
// https://aws.amazon.com/cloudwatch/pricing/.
package logged
