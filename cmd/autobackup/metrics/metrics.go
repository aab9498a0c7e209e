// Package metrics reads what CloudWatch has of a stage, for doctor, the status and the page.
package metrics

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Query is one statistic of a metric.
type Query struct {
	Namespace, Name  string
	Dimension, Value string
	Statistic        string // Sum, Minimum or Maximum
}

// OfStage is one of the stage's own metrics (docs/metrics.md).
func OfStage(stage, name, statistic string) Query {
	return Query{Namespace: "Autobackup", Name: name, Dimension: "Stage", Value: stage, Statistic: statistic}
}

// Point is the statistic of one period, which has datapoints.
type Point struct {
	At    time.Time // its beginning
	Value float64
}

// Read answers, for each query, the points from begin until end, the oldest first. Begin and end
// are at borders of periods.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func Read(ctx context.Context, cfg aws.Config, queries []Query, begin, end time.Time, period time.Duration) ([][]Point, error) {
	in := &cloudwatch.GetMetricDataInput{StartTime: &begin, EndTime: &end}
	at := map[string]int{}
	for i, q := range queries {
		id := fmt.Sprintf("m%d", i)
		at[id] = i
		in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: &q.Namespace, MetricName: &q.Name, Dimensions: []types.Dimension{{Name: &q.Dimension, Value: &q.Value}}},
			Period: aws.Int32(int32(period / time.Second)), Stat: &q.Statistic,
		}})
	}
	all := make([][]Point, len(queries))
	pages := cloudwatch.NewGetMetricDataPaginator(cloudwatch.NewFromConfig(cfg), in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, result := range page.MetricDataResults {
			i, asked := at[aws.ToString(result.Id)]
			if !asked || len(result.Timestamps) != len(result.Values) {
				return nil, fmt.Errorf("the answer has no value for each time of %q, so it is not CloudWatch's", aws.ToString(result.Id))
			}
			for n, moment := range result.Timestamps { // the newest first, from page to page
				all[i] = append([]Point{{moment.UTC(), result.Values[n]}}, all[i]...)
			}
		}
	}
	return all, nil
}
