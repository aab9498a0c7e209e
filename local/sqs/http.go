package sqs

import (
	"net/http"

	"autobackup/local/wire"
)

// protocol has the actions that are served.
var protocol = wire.JSON[*Service]{
	Target: "AmazonSQS", Shapes: "com.amazonaws.sqs", QueryCompatible: true, Permit: (*Service).permit,
	NoRequest:   func(message string) *wire.Error { return wire.Invalid("InvalidAction", "%s", message) },
	NoAction:    func(message string) *wire.Error { return unsupported("%s", message) },
	Unsupported: func(message string) *wire.Error { return unsupported("%s", message) },
	Actions: map[string]func(*Service, wire.Request) (any, error){
		"SendMessage":             (*Service).sendMessage,
		"SendMessageBatch":        (*Service).sendMessageBatch,
		"ReceiveMessage":          (*Service).receiveMessage,
		"DeleteMessage":           (*Service).deleteMessage,
		"DeleteMessageBatch":      (*Service).deleteMessageBatch,
		"ChangeMessageVisibility": (*Service).changeMessageVisibility,
		"GetQueueAttributes":      (*Service).getQueueAttributes,
		"GetQueueUrl":             (*Service).getQueueURL,
		"ListQueues":              (*Service).listQueues,
		"PurgeQueue":              (*Service).purgeQueue,
		"StartMessageMoveTask":    (*Service).startMessageMoveTask,
		"ListMessageMoveTasks":    (*Service).listMessageMoveTasks,
	},
}

// Actions names what is served over HTTP.
func Actions() []string { return protocol.Names() }

// ServeHTTP answers requests of the JSON protocol as SQS does. The region of a
// request comes from its signature, and of a queue from its URL where that is AWS's.
// Actions and parameters that are not supported are refused by name.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { protocol.Serve(s, s.newID, w, r) }
