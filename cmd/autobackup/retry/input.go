package retry

import "encoding/json"

// inputMessages are the messages in an execution's input. It has one of two
// forms: the array of SQS records that the pipe sends, or, for an execution that
// reads bytes, an object that has such an array as "messages". What else there is
// does not matter here. Not ok where it has neither form.
func inputMessages(input string) (all []message, ok bool) {
	var object struct {
		Messages []message `json:"messages"`
	}
	if json.Unmarshal([]byte(input), &object) == nil {
		return object.Messages, object.Messages != nil
	}
	err := json.Unmarshal([]byte(input), &all)
	return all, err == nil
}
