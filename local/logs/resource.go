package logs

import (
	"time"

	"autobackup/local/template"
	"autobackup/local/wire"
)

// Types are the resource types of CloudWatch Logs.
func (s *Service) Types() template.Types {
	return template.Types{"AWS::Logs::LogGroup": template.Changing(template.Make(nil, s.deployGroup, s.removeGroup), s.updateGroup).Named("LogGroupName").AskingOf("logs:CreateLogGroup", "logs", "log-group:", "LogGroupName")}
}

// groupProperties are those of AWS::Logs::LogGroup that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
type groupProperties struct {
	LogGroupName    string `cfn:",required"`
	RetentionInDays int
}

func (s *Service) deployGroup(t template.Target, r template.Resource, p groupProperties) (string, map[string]string, error) {
	arn := t.ARN("logs", "log-group:"+p.LogGroupName)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups[arn] != nil {
		return "", nil, r.Errorf("LogGroupName", "%w", wire.Invalid("ResourceAlreadyExistsException", "The specified log group already exists"))
	}
	s.groups[arn] = &group{retention: time.Duration(p.RetentionInDays) * 24 * time.Hour, streams: map[string]bool{}}
	return p.LogGroupName, map[string]string{"Arn": arn + ":*"}, nil
}

// removeGroup deletes a group with its lines.
func (s *Service) removeGroup(_ template.Target, made template.Made) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := bare(made.Attributes["Arn"])
	if g := s.groups[arn]; g != nil {
		for i := range g.lines {
			s.keep(arn, g.written-i, nil)
		}
	}
	delete(s.groups, arn)
	return nil
}
