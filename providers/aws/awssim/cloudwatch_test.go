package awssim

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"
)

func metricAlarmInput(name string) *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, AlarmDescription: aws.String("too many errors"),
		Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("HTTPCode_Target_5XX_Count"),
		Dimensions: []types.Dimension{{Name: aws.String("LoadBalancer"), Value: aws.String("app/web")}},
		Statistic:  types.StatisticSum, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(3), Threshold: aws.Float64(12.5),
		ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, AlarmActions: []string{"arn:aws:sns:eu-west-1:1:ops"},
	}
}

func alarmsHere() (*cloudwatch.Client, *Server) {
	s := &Server{}
	return cloudwatch.NewFromConfig(sdk(s, DefaultAccount, "eu-west-1")), s
}

func setAlarm(t *testing.T, c *cloudwatch.Client, name string, state types.StateValue) {
	t.Helper()
	must[*cloudwatch.SetAlarmStateOutput](t)(c.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: &name, StateValue: state, StateReason: aws.String("test")}))
}

func TestAlarmComesBackAsItWasPut(t *testing.T) {
	t.Parallel()
	c, s := alarmsHere()
	in := metricAlarmInput("web-5xx")
	must[*cloudwatch.PutMetricAlarmOutput](t)(c.PutMetricAlarm(t.Context(), in))
	out := must[*cloudwatch.DescribeAlarmsOutput](t)(c.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"web-5xx", "no-such"}}))
	if len(out.MetricAlarms) != 1 {
		t.Fatalf("%d alarms, want 1", len(out.MetricAlarms))
	}
	got := out.MetricAlarms[0]
	if got.StateValue != types.StateValueInsufficientData || got.StateUpdatedTimestamp.IsZero() || got.StateUpdatedTimestamp.After(s.Now()) {
		t.Errorf("a new alarm is %s since %v", got.StateValue, got.StateUpdatedTimestamp)
	}
	back := &cloudwatch.PutMetricAlarmInput{
		AlarmName: got.AlarmName, AlarmDescription: got.AlarmDescription, Namespace: got.Namespace, MetricName: got.MetricName,
		Dimensions: got.Dimensions, Statistic: got.Statistic, Period: got.Period, EvaluationPeriods: got.EvaluationPeriods,
		Threshold: got.Threshold, ComparisonOperator: got.ComparisonOperator, AlarmActions: got.AlarmActions,
	}
	if diff := cmp.Diff(said(t, in), said(t, back)); diff != "" {
		t.Errorf("alarm (-put +described):\n%s", diff)
	}
	setAlarm(t, c, "web-5xx", types.StateValueAlarm)
	must[*cloudwatch.PutMetricAlarmOutput](t)(c.PutMetricAlarm(t.Context(), in))
	if state := s.at(place{DefaultAccount, "eu-west-1"}).alarmState("web-5xx"); state != "ALARM" {
		t.Errorf("putting the alarm again made it %s, want it left at ALARM", state)
	}
}

func TestAlarmRefusals(t *testing.T) {
	t.Parallel()
	c, _ := alarmsHere()
	_, err := c.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("none"), StateValue: types.StateValueOk, StateReason: aws.String("x")})
	refused(t, err, http.StatusNotFound, "ResourceNotFound")
	_, err = c.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{NextToken: aws.String("again")})
	refused(t, err, http.StatusBadRequest, "InvalidNextToken")
	in := metricAlarmInput("web-5xx")
	in.MetricName = nil
	_, err = c.PutMetricAlarm(t.Context(), in)
	refused(t, err, http.StatusBadRequest, "ValidationError")
}

func TestAlarmsComeInPages(t *testing.T) {
	t.Parallel()
	c, _ := alarmsHere()
	for n := range 5 {
		must[*cloudwatch.PutMetricAlarmOutput](t)(c.PutMetricAlarm(t.Context(), metricAlarmInput(fmt.Sprintf("web-%d", n))))
	}
	pages := cloudwatch.NewDescribeAlarmsPaginator(c, &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(2), AlarmNamePrefix: aws.String("web-")})
	var got []string
	for pages.HasMorePages() {
		page := must[*cloudwatch.DescribeAlarmsOutput](t)(pages.NextPage(t.Context()))
		got = append(got, fmt.Sprint(len(page.MetricAlarms), *page.MetricAlarms[0].AlarmName))
	}
	if diff := cmp.Diff([]string{"2web-0", "2web-2", "1web-4"}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestCompositeAlarmFollowsItsRule(t *testing.T) {
	t.Parallel()
	c, s := alarmsHere()
	for _, name := range []string{"errors", "latency"} {
		must[*cloudwatch.PutMetricAlarmOutput](t)(c.PutMetricAlarm(t.Context(), metricAlarmInput(name)))
		setAlarm(t, c, name, types.StateValueOk)
	}
	must[*cloudwatch.PutCompositeAlarmOutput](t)(c.PutCompositeAlarm(t.Context(), &cloudwatch.PutCompositeAlarmInput{
		AlarmName: aws.String("web"), AlarmRule: aws.String(`ALARM("errors") AND NOT (OK(latency) OR FALSE)`),
	}))
	state := func() string { return s.at(place{DefaultAccount, "eu-west-1"}).alarmState("web") }
	before := state()
	setAlarm(t, c, "errors", types.StateValueAlarm)
	half := state()
	setAlarm(t, c, "latency", types.StateValueInsufficientData)
	if diff := cmp.Diff([]string{"OK", "OK", "ALARM"}, []string{before, half, state()}); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	in := &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"web"}}
	if out := must[*cloudwatch.DescribeAlarmsOutput](t)(c.DescribeAlarms(t.Context(), in)); len(out.CompositeAlarms) != 0 {
		t.Error("a composite alarm was told without being asked for")
	}
	in.AlarmTypes = []types.AlarmType{types.AlarmTypeCompositeAlarm}
	out := must[*cloudwatch.DescribeAlarmsOutput](t)(c.DescribeAlarms(t.Context(), in))
	if len(out.CompositeAlarms) != 1 || out.CompositeAlarms[0].StateValue != types.StateValueAlarm {
		t.Errorf("composite alarms are %+v", out.CompositeAlarms)
	}
	for _, rule := range []string{"", "ALARM(errors", "ALARM(errors) latency", "(((", "MAYBE(errors)", "ALARM(errors) AND"} {
		_, err := c.PutCompositeAlarm(t.Context(), &cloudwatch.PutCompositeAlarmInput{AlarmName: aws.String("bad"), AlarmRule: &rule})
		refused(t, err, http.StatusBadRequest, "ValidationError")
	}
}

func TestCompositeAlarmMayLeadBackToItself(t *testing.T) {
	t.Parallel()
	c, s := alarmsHere()
	for range 2 {
		must[*cloudwatch.PutCompositeAlarmOutput](t)(c.PutCompositeAlarm(t.Context(), &cloudwatch.PutCompositeAlarmInput{
			AlarmName: aws.String("loop"), AlarmRule: aws.String("ALARM(loop)"),
		}))
	}
	if state := s.at(place{DefaultAccount, "eu-west-1"}).alarmState("loop"); state != "OK" {
		t.Errorf("state is %s, want OK", state)
	}
}

// The SDK speaks CBOR to CloudWatch and the CLI JSON; older programs still
// speak the query protocol.
func TestCloudWatchInItsOtherProtocols(t *testing.T) {
	t.Parallel()
	c, s := alarmsHere()
	must[*cloudwatch.PutMetricAlarmOutput](t)(c.PutMetricAlarm(t.Context(), metricAlarmInput("web-5xx")))
	signature := "AWS4-HMAC-SHA256 Credential=AKIA/20261123/eu-west-1/monitoring/aws4_request, SignedHeaders=host, Signature=0"
	send := func(body, contentType, target string) (int, string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewBufferString(body))
		req.Header.Set("Authorization", signature)
		req.Header.Set("Content-Type", contentType)
		if target != "" {
			req.Header.Set("X-Amz-Target", target)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		return w.Code, w.Body.String()
	}
	query := func(action string, members url.Values) (int, string) {
		members.Set("Action", action)
		members.Set("Version", "2010-08-01")
		return send(members.Encode(), "application/x-www-form-urlencoded", "")
	}
	json := func(action, body string) (int, string) {
		return send(body, "application/x-amz-json-1.0", "GraniteServiceVersion20100801."+action)
	}
	check := func(want int, contains string) func(int, string) {
		return func(status int, body string) {
			t.Helper()
			if status != want || !strings.Contains(body, contains) {
				t.Errorf("got %d %s\nwant %d with %s", status, body, want, contains)
			}
		}
	}
	check(200, `"Threshold":12.5`)(json("DescribeAlarms", `{"AlarmNames":["web-5xx"],"MaxRecords":10}`))
	check(404, `"__type":"ResourceNotFound"`)(json("SetAlarmState", `{"AlarmName":"none","StateValue":"OK","StateReason":""}`))
	check(400, `SerializationException`)(json("DescribeAlarms", `{"AlarmNames":"web-5xx"}`))
	check(200, `<SetAlarmStateResponse`)(query("SetAlarmState", url.Values{"AlarmName": {"web-5xx"}, "StateValue": {"ALARM"}, "StateReason": {"test"}}))
	check(200, `<MetricAlarms><member><AlarmName>web-5xx</AlarmName>`)(query("DescribeAlarms", url.Values{"AlarmNames.member.1": {"web-5xx"}, "MaxRecords": {"10"}}))
	check(200, `<Dimensions><member><Name>LoadBalancer</Name><Value>app/web</Value></member></Dimensions>`)(query("DescribeAlarms", url.Values{"StateValue": {"ALARM"}}))
	check(404, `<Code>ResourceNotFound</Code>`)(query("SetAlarmState", url.Values{"AlarmName": {"none"}, "StateValue": {"OK"}}))
}
