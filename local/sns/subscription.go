package sns

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/gate"
	"autobackup/local/wire"
)

// Confirmation is how a subscription was confirmed.
type Confirmation int

// Nobody is asked here to confirm: every subscription is as one that somebody confirmed who
// may act for the account, unless a test says otherwise.
const (
	Authenticated Confirmation = iota
	ByLink                     // whoever has one of its e-mails can end it
	Pending                    // nothing is delivered
)

// Confirm sets how the subscriptions of an address are confirmed.
func (s *Service) Confirm(topicARN, endpoint string, c Confirmation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confirmed[topicARN+" "+endpoint] = c
}

// Unsubscribe ends the subscriptions of an address.
// https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
func (s *Service) Unsubscribe(topicARN, endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	topic := s.topics[topicARN]
	topic.Subscriptions = slices.DeleteFunc(slices.Clone(topic.Subscriptions), func(sub Subscription) bool { return sub.Endpoint == endpoint })
	s.topics[topicARN] = topic
}

// subscriptionARN is made of what it is for, so that it stays the same.
func subscriptionARN(topicARN string, sub Subscription) string {
	sum := sha256.Sum256([]byte(topicARN + sub.Protocol + sub.Endpoint))
	return fmt.Sprintf("%s:%x-%x-%x-%x-%x", topicARN, sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

type subscribed struct {
	TopicArn, Protocol, SubscriptionArn, Owner, Endpoint string //nolint:revive // SNS's names
}

type listSubscriptionsResponse struct {
	XMLName       xml.Name     `xml:"ListSubscriptionsByTopicResponse"`
	Namespace     string       `xml:"xmlns,attr"`
	Subscriptions []subscribed `xml:"ListSubscriptionsByTopicResult>Subscriptions>member"`
	Metadata      metadata     `xml:"ResponseMetadata"`
}

// listSubscriptions answers a topic's subscriptions on one page.
// https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
func (c Client) listSubscriptions(form url.Values, id string) (any, error) {
	topicARN := form.Get("TopicArn")
	if err := c.By.May("sns:ListSubscriptionsByTopic", topicARN); err != nil {
		return nil, gate.Denied(err, wire.Error{Code: "AuthorizationError", Status: http.StatusForbidden})
	}
	if err := only(form, "ListSubscriptionsByTopic", "TopicArn"); err != nil {
		return nil, err
	}
	s := c.service
	s.mu.Lock()
	defer s.mu.Unlock()
	topic, ok := s.topics[topicARN]
	if !ok {
		return nil, &wire.Error{Code: "NotFound", Status: http.StatusNotFound, Message: "Topic does not exist"}
	}
	out := listSubscriptionsResponse{Namespace: namespace, Metadata: metadata{id}}
	owner, _ := arn.Parse(topicARN) // CreateTopic has
	for _, sub := range topic.Subscriptions {
		one := subscribed{TopicArn: topicARN, Protocol: sub.Protocol, Endpoint: sub.Endpoint, Owner: owner.AccountID, SubscriptionArn: subscriptionARN(topicARN, sub)}
		if s.confirmed[topicARN+" "+sub.Endpoint] == Pending {
			one.SubscriptionArn = "PendingConfirmation"
		}
		out.Subscriptions = append(out.Subscriptions, one)
	}
	return out, nil
}

type attributesResponse struct {
	XMLName    xml.Name `xml:"GetSubscriptionAttributesResponse"`
	Namespace  string   `xml:"xmlns,attr"`
	Attributes []entry  `xml:"GetSubscriptionAttributesResult>Attributes>entry"`
	Metadata   metadata `xml:"ResponseMetadata"`
}

type entry struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

// subscriptionAttributes answers how a subscription was confirmed.
// https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
func (c Client) subscriptionAttributes(form url.Values, id string) (any, error) {
	named := form.Get("SubscriptionArn")
	topicARN := named[:max(0, strings.LastIndexByte(named, ':'))]
	if err := c.By.May("sns:GetSubscriptionAttributes", topicARN); err != nil {
		return nil, gate.Denied(err, wire.Error{Code: "AuthorizationError", Status: http.StatusForbidden})
	}
	if err := only(form, "GetSubscriptionAttributes", "SubscriptionArn"); err != nil {
		return nil, err
	}
	s := c.service
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.topics[topicARN].Subscriptions {
		how := s.confirmed[topicARN+" "+sub.Endpoint]
		if subscriptionARN(topicARN, sub) == named && how != Pending {
			return attributesResponse{Namespace: namespace, Metadata: metadata{id}, Attributes: []entry{
				{"SubscriptionArn", named}, {"TopicArn", topicARN}, {"Protocol", sub.Protocol}, {"Endpoint", sub.Endpoint},
				{"PendingConfirmation", "false"}, {"ConfirmationWasAuthenticated", strconv.FormatBool(how == Authenticated)},
			}}, nil
		}
	}
	return nil, &wire.Error{Code: "NotFound", Status: http.StatusNotFound, Message: "Subscription does not exist"}
}

// only refuses parameters that an action does not take.
func only(form url.Values, action string, taken ...string) error {
	for key := range form {
		if !slices.Contains(append(taken, "Action", "Version"), key) {
			return invalid("the local stack does not support the parameter %s of %s", key, action)
		}
	}
	return nil
}
