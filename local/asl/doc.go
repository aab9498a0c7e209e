// Package asl interprets the Amazon States Language in its JSONPath dialect, as
// a STANDARD workflow of AWS Step Functions does. It knows nothing of what the
// states are for: tasks come in through Load.
//
// # What is covered
//
// State types: Task, Choice, Wait, Pass, Succeed, Fail and Map, inline and
// distributed.
//
// Fields: Comment, StartAt, States, TimeoutSeconds and Version of the definition;
// Comment, Type, Next, End, InputPath, OutputPath, Parameters, ResultSelector,
// ResultPath, Result, Retry (ErrorEquals, IntervalSeconds, MaxAttempts,
// BackoffRate, MaxDelaySeconds, JitterStrategy) and Catch (ErrorEquals, Next,
// ResultPath) of states; Resource, TimeoutSeconds and TimeoutSecondsPath of Task;
// Seconds, SecondsPath, Timestamp and TimestampPath of Wait; Error, ErrorPath,
// Cause and CausePath of Fail; ItemsPath, ItemSelector, ItemProcessor,
// MaxConcurrency and MaxConcurrencyPath of Map; And, Or, Not and every data-test operator of Choice.
//
// A distributed Map has besides: ExecutionType STANDARD and EXPRESS; Label;
// ItemReader with s3:getObject, Bucket, Key, VersionId, InputType JSON and JSONL,
// MaxItems and MaxItemsPath; ItemBatcher with MaxItemsPerBatch,
// MaxInputBytesPerBatch, their Path forms and BatchInput; ResultWriter with
// s3:putObject, Bucket, Prefix and WriterConfig (Transformation, OutputType JSON);
// ToleratedFailureCount, ToleratedFailurePercentage and their Path forms.
//
// All 18 intrinsic functions, nested up to 10 deep, and the context object
// ($$.Execution, $$.State, $$.StateMachine, $$.Map.Item).
//
// What the service has beyond that is refused by Load, by name and with the
// path in the definition; Unsupported lists it.
//
// # Paths
//
// A definite path (names and indexes alone) gives one value, and it is an error
// where nothing is there. An indefinite path (*, [n,m], [n:m], .. and
// [?(...)]) gives an array, empty where nothing matches; its definite
// beginning must be there all the same, but in a payload template (".$"): there it
// selects nothing where a member is missing. Filters compare with ==, !=, <, <=, >
// and >=, and join with &&, || and !.
//
// # Distributed Maps
//
// Each item, or batch of items, is the input of an execution of its own, with
// its own ARN, history, event limit and context object. At most MaxConcurrency run at a
// time: 10,000 where it is 0 or left out. EXPRESS children end after five
// minutes, and hold no distributed Map themselves; any other nesting is fine.
//
// Items are read when there is a place for the next child, and results are
// written as children end, so that memory does not grow with their number. A
// child's result is not kept; without ResultWriter outputs are, up to the 256 KiB
// that a state's output may have.
//
// Failed and timed-out items count against the tolerance, all items of a batch
// at once; the tolerance is 0 where neither field is there. A percentage is of all
// items and judged when their number is known: at once with ItemsPath, after
// the last was read with ItemReader. A Map Run that fails stops its children,
// and what it has not started is PENDING in its results. Objects with results are
// SUCCEEDED_0.json, FAILED_0.json (with those that timed out or were stopped),
// PENDING_0.json and manifest.json below Prefix and the Map Run's id.
//
// # Errors
//
// A path that names nothing is States.Runtime, which ends the execution
// whatever Retry and Catch say. States.DataLimitExceeded is matched by its own
// name only, but for that of a task's result, which is as any other error unless
// Execution.TerminalDataLimit is set: AWS's guide and what AWS recorded differ.
// States.Timeout is matched by its own name and States.ALL, and
// States.TaskFailed matches every other error.
//
// # Time
//
// Only Wait states, the delays of Retry and the tasks themselves take time, all
// by the execution's clock. While the interpreter computes, or a task runs, it
// holds the clock's work; while it waits it does not.
//
// # Progress
//
// How far an execution is can be told at any time, as data from which another
// process goes on: see Progress, and Execution.From. Only one goroutine of an
// execution computes at a time, the one that has its turn. While nobody has it, each
// waits for something that can be written down. A task that was under way is called
// again; everything else goes on as if nothing had been, and when it would have.
//
// # Differences from the service
//
//   - Members of objects come out in the order of their names, and wildcards
//     visit them in it. The service keeps the order of data, and what it
//     recorded of payload templates has plain members first, then the computed
//     ones in another order.
//   - States.Format refuses arrays and objects; the service writes them in a
//     form that is no JSON.
//   - The cause of an error of the interpreter does not tell the number of the
//     event that entered the state, and most of its words are this package's own.
//   - MapIterationStarted follows MapStateStarted in previousEventId, and what the
//     item before did last only where MaxConcurrency is 1, as recorded. What an
//     item follows that took the place of one of several was not recorded.
//   - A Wait may be 2^31-1 seconds long. The service was recorded to begin one of
//     24,855 days and to refuse one of 24,856; the limit lies between them.
//   - In ['...'] a backslash before the quote that would end the name, or before
//     another backslash, stands for the second of the two; the service was only
//     recorded to keep one before the other kind of quote, as is done here.
//   - ExecutionTimedOut has no error, Choice without a rule that fits and without
//     Default fails with States.NoChoiceMatched, and an index past the end in a
//     ".$" field is States.Runtime. Others than AWS say that the service tells
//     States.Timeout there, States.Runtime for Choice, and null for the index; no
//     recording shows any of it, and the guide names States.NoChoiceMatched.
//   - When an item of a Map fails, the others are stopped a nanosecond later, so
//     that what happens at one instant does not depend on which goroutine is
//     first.
//   - A Map Run that fails stops its children a nanosecond later, for the same
//     reason, EXPRESS ones too: the service can't stop those and lets them end.
//   - The service makes up an id as the label of a Map without one; here it comes
//     from the state's place in the definition.
//   - Outputs of children without ResultWriter are those that succeeded. An item
//     that is larger than MaxInputBytesPerBatch fails the Map with
//     States.DataLimitExceeded. The documents say neither.
//   - A status has one object of results, whatever its size, and records lack
//     RedriveStatus and RedriveStatusReason.
//   - An execution that is stopped leaves no objects of its Map Runs.
//   - A task that answers at the very instant of its time-out is late.
//   - Of a redrive no recording was found. ExecutionRedriven follows the event that
//     ended the execution, and what is redriven follows it; a state is not entered
//     again, and an item that was begun has no second MapIterationStarted; Seconds of
//     a Wait begin anew; a Map Run writes its objects again, under the same keys.
//     There is no $$.Execution.RedriveTime.
//   - Catch and Retry of States.Runtime are refused by Load, because they never
//     have an effect.
//
// # References
//
//   - https://states-language.net/spec.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
//   - https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
//   - https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
package asl
