package hostile

// Try is a way to mislead, and the tests that it comes to nothing.
type Try struct {
	Where string   // it would break out, or what it pretends to be
	What  string   // is tried
	Tests []string // folder and name
}

// Tries are all of them. Documents are made of this list, and a test holds it against the tests.
var Tries = []Try{
	{"log lines", "line breaks, JSON and escapes of terminals in keys, buckets and details", []string{
		"internal/settle TestLogHasOneLineAMessageWithAnEntryForEachReplica", "local TestHostileNamesBreakOutOfNothingThatTheStackWrites"}},
	{"metrics", "names of buckets with line breaks, quotes and control characters", []string{"internal/metric TestEveryLineIsValidAndCountsEqualTheVerdicts"}},
	{"e-mails: headers and subject", "line breaks and header fields in keys, reasons and details", []string{
		"internal/alert TestWhateverFailsTheEMailIsSafeToSendAndToRead", "local TestHostileNamesBreakOutOfNothingThatTheStackWrites"}},
	{"e-mails: links", "web addresses as keys, details and names, which a mail program would make links of", []string{
		"internal/alert TestWhateverFailsTheEMailIsSafeToSendAndToRead", "local TestHostileNamesBreakOutOfNothingThatTheStackWrites"}},
	{"e-mails: text", "keys that look like further fields, control characters, bidirectional overrides", []string{
		"internal/alert TestAnyFactMayBeHostile", "internal/alert TestOperatorsReadWhatIsTrueOfSeveralFailuresTogether"}},
	{"chat messages", "mentions, channels, links of Markdown, the end of a block of code", []string{
		"internal/alert TestWhateverFailsChatHasNothingToActOn", "local TestHostileNamesBreakOutOfNothingThatTheStackWrites"}},
	{"events on the bus", "keys that close texts and objects of JSON, tags of owners", []string{
		"internal/ticket TestAnyMessageMakesEventsThatFitTheSchema", "internal/ticket TestWhateverAnErrorSaysTheEventIsAcceptedAndBounded", "local TestHostileNamesBreakOutOfNothingThatTheStackWrites"}},
	{"console links", "ARNs of executions that hold another address", []string{"internal/alert TestALinkLeadsToTheConsoleOfThePartition"}},
	{"attributes of parked messages", "keys and errors with line breaks and characters that SQS refuses", []string{
		"internal/notify TestSeveralNotificationsThatAreTooLongAreAllParked", "local TestHostileNamesBreakOutOfNothingThatTheStackWrites"}},
	{"the workflow's state and its output", "keys that JSON escapes to many times their size", []string{
		"internal/settle TestLinesOfTheSummaryAreShortWhileTheMessageIsInTheState", "local TestHostileNamesBreakOutOfNothingThatTheStackWrites"}},
	{"shell commands in e-mails", "quotes, $, backticks, leading dashes, files and pages that the AWS CLI would load", []string{
		"internal/alert TestCommandsMeanTheirVersionInRealShells", "internal/alert TestCommandsMeanTheirVersionWhateverItsKeyAndId", "internal/shell TestBytesSetAVariableToTheTextInEveryShell"}},
	{"shell commands of reports and explain", "the same", []string{
		"cmd/autobackup/report TestTheCommandOfTheFirstScreenNamesItsVersion", "cmd/autobackup/report TestTheCopyInPlaceIsOfTheLatestVersionOnly", "cmd/autobackup/explain TestTheCommandInReportsNamesItsVersionWhateverItsKeyIs"}},
	{"terminals", "escapes, titles, bidirectional overrides in keys and in evidence", []string{
		"cmd/autobackup/report TestNothingHiddenReachesATerminalOrAFile", "cmd/autobackup/explain TestHostileKeysReachNeitherTheTerminalNorAShell", "cmd/autobackup/evidence TestNothingThatOthersChoseReachesTheTerminalAsItIs"}},
	{"tables for spreadsheets", "formulas by =, +, -, @ and their full-width forms, cells that end early", []string{
		"cmd/autobackup/report TestTheTableRoundTripsAndRunsNothing", "cmd/autobackup/evidence TestTheTableHasALineForEachVersionThatNeedsOneAndRunsNothing", "local TestHostileNamesBreakOutOfNothingThatAnAuditWrites"}},
	{"HTML reports", "scripts, images, attributes, entities", []string{"cmd/autobackup/report TestThePageShowsEveryKeyAndRunsNone", "local TestHostileNamesBreakOutOfNothingThatAnAuditWrites"}},
	{"the page of a stage", "the same in keys, in attributes and bodies of parked messages, in what a look found, and in lines of the log", []string{"cmd/autobackup/console TestHostileKeysBreakOutOfNoPage"}},
	{"patterns that logs are searched by", "quotes, backslashes, wildcards and conditions in keys", []string{"cmd/autobackup/logged TestAHostileKeyFindsItselfAlone"}},
	{"the page, from elsewhere", "names that lead to this machine, forms, links, frames, guessed tokens", []string{"cmd/autobackup/console TestOnlyWhoHasTheTokenIsLetInAndByThisAddressAlone"}},
	{"JSON reports and manifests", "quotes, control characters, keys that are no UTF-8", []string{
		"cmd/autobackup/report TestTheLinesAndTheReportRoundTrip", "cmd/autobackup/report TestTheManifestNamesEveryKey"}},
	{"evidence", "keys, which it has as they are", []string{"local TestHostileNamesBreakOutOfNothingThatTheStackWrites"}},
	{"code that attach prints", "names and policies that end a text of Terraform, CloudFormation or a shell", []string{
		"internal/attach TestEachOddTextIsPlainWhereItIsTold", "internal/attach TestWhateverTheFactsHoldLinesArePlainAndShort"}},
	{"an event of S3", "another account's, a bucket's that is not the stage's, another region's", []string{"local TestAForgedMessageEndsWhereItMustAndTouchesNoOther"}},
	{"a message of the validation queue", "version ids, sizes below zero, beyond 64 bits and as texts, times, names that stand twice, deep JSON, several in one", []string{
		"internal/s3event TestWhatIsNoMessageOfS3IsRefused", "internal/s3event TestWhatIsNoUploadOrDeletionIsRefused", "local TestAForgedMessageEndsWhereItMustAndTouchesNoOther"}},
	{"a notification of S3", "doubtful destinations, records and times", []string{"internal/s3event TestNotificationsThatAreDoubtfulAreRefused"}},
	{"a message of the failure queue", "anything", []string{"internal/notify TestWhateverElseComesIsToldAndParked", "internal/notify TestAParkedMessageMayLookLikeAnything"}},
	{"a parked message that was edited", "its key, its version or both are another's, moved to either queue", []string{
		"local TestAParkedMessageThatWasEditedSaysNothingOfAnotherObject", "internal/notify TestWhatAParkedMessageLacksIsMadeUp", "internal/batch TestAMessageThatWasParkedSaysOfWhichReplicasItWasTold"}},
	{"replication rules", "the destination is another's since the upload, or while the replica lags", []string{"local TestARuleThatLeadsElsewhereSinceTheUploadVerifiesNothingByTheOldReplica"}},
	{"an answer of S3", "a page, JSON, nothing, half of it, or another answer of S3's by something between", []string{
		"internal/s3error TestAnAnswerThatIsNotS3sIsAnErrorThatIsTriedAgain", "local TestKilledAtAnyCallACommandEndsAsOtherwiseOnceItIsTypedAgain"}},
}
