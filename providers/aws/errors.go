package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"moult/reconcile"
)

// What AWS refuses with, by what the loop does next. EC2 has no typed errors
// and Auto Scaling types only some, so codes are compared as text. Sources:
// the exceptions of the Auto Scaling API, "Error codes for the Amazon EC2
// API", "Common errors", and the SDK's list of throttling codes.

// throttleCodes are AWS saying that calls come too fast. Auto Scaling
// documents RateExceeded and sends Throttling.
var throttleCodes = codes("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
	"RequestThrottledException", "RateExceeded", "RequestLimitExceeded", "TooManyRequestsException",
	"EC2ThrottledException", "SlowDown", "BandwidthLimitExceeded")

var retryCodes = codes("InternalError", "InternalFailure", "InternalServiceError", "ServiceUnavailable", "Unavailable",
	"RequestTimeout", "RequestTimeoutException", "RequestExpired", "ExpiredToken", "ExpiredTokenException",
	"ResourceContention", "ServiceLinkedRoleFailure", "LimitExceeded", "IdempotentCallInProgress")

var conflictCodes = codes("InstanceRefreshInProgress", "ActiveInstanceRefreshNotFound", "ScalingActivityInProgress",
	"ResourceInUse", "IdempotentParameterMismatch", "InvalidNextToken")

var deniedCodes = codes("UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthFailure",
	"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch",
	"InvalidSignatureException", "MissingAuthenticationToken", "NotAuthorized", "OptInRequired", "Blocked",
	"PendingVerification", "RegionDisabledException")

func codes(all ...string) map[string]bool {
	set := make(map[string]bool, len(all))
	for _, code := range all {
		set[code] = true
	}
	return set
}

// failed is an error of AWS as the loop wants it: what was being done, the
// class, AWS's own sentence with its request id and, when permission is
// lacking, what to grant.
func failed(doing string, err error) error {
	if classed(err) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if _, none := withoutCredentials(err); none {
		return fmt.Errorf("%s: %w", doing, unprompted{refusal{err}})
	}
	return fmt.Errorf("%s: %w: %w", doing, classOf(err), refusal{err})
}

// unprompted is an error to try again after without saying so: somebody has to do
// something first.
type unprompted struct{ error }

func (u unprompted) Unwrap() []error { return []error{reconcile.ErrRetry, u.error} }

func classed(err error) bool {
	return errors.Is(err, reconcile.ErrRetry) || errors.Is(err, reconcile.ErrConflict) ||
		errors.Is(err, reconcile.ErrInvalid) || errors.Is(err, reconcile.ErrDenied)
}

// classOf is the class of what the SDK returned. What is not an answer of AWS
// (network, deadline, credentials that cannot be had just now) is a retry.
func classOf(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return reconcile.ErrRetry
	}
	code := api.ErrorCode()
	switch {
	case throttleCodes[code], retryCodes[code]:
		return reconcile.ErrRetry
	case conflictCodes[code]:
		return reconcile.ErrConflict
	case deniedCodes[code]:
		return reconcile.ErrDenied
	case code == "ValidationError":
		return classOfSentence(api.ErrorMessage())
	case statusOf(err) >= 500:
		return reconcile.ErrRetry
	}
	return reconcile.ErrInvalid
}

// classOfSentence reads the sentences of Auto Scaling's one code for
// everything. They are texts of AWS's guides and of its users' reports, not a
// contract: one that is not known is taken as invalid.
func classOfSentence(message string) error {
	text := strings.ToLower(message)
	switch {
	case strings.Contains(text, "active instance refresh with a desired configuration exists"):
		return reconcile.ErrConflict
	case groupIsGone(text):
		return reconcile.ErrConflict
	case strings.Contains(text, "not authorized"), strings.Contains(text, "not permitted to"):
		return reconcile.ErrDenied
	}
	return reconcile.ErrInvalid
}

func groupIsGone(text string) bool {
	return strings.Contains(text, "autoscalinggroup name not found") || strings.Contains(text, "group name not found")
}

func hasCode(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}

// missing reports whether EC2 says that a template or a version of it does
// not exist.
func missing(err error) bool {
	return hasCode(err, "InvalidLaunchTemplateId.NotFound") || hasCode(err, "InvalidLaunchTemplateId.VersionNotFound") ||
		hasCode(err, "InvalidLaunchTemplateId.Malformed") || hasCode(err, "InvalidLaunchTemplateName.NotFoundException")
}

func statusOf(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		return response.HTTPStatusCode()
	}
	return 0
}

// unanswered reports whether the call may have been carried out though it
// failed: the answer was lost, or AWS itself broke down over it. A throttled
// call was not carried out.
func unanswered(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return true
	}
	return statusOf(err) >= 500 && !throttled(err)
}

// refusal says an SDK error in AWS's own words, without the SDK's wrapping.
type refusal struct{ err error }

func (r refusal) Unwrap() error { return r.err }

func (r refusal) Error() string {
	var api smithy.APIError
	if !errors.As(r.err, &api) {
		return silence(r.err)
	}
	text := plain(api.ErrorMessage()) + " (" + api.ErrorCode()
	var response *awshttp.ResponseError
	if errors.As(r.err, &response) && response.RequestID != "" {
		text += ", request " + response.RequestID
	}
	text += ")"
	if classOf(r.err) == reconcile.ErrDenied {
		text += "; " + remedy(r.err)
	}
	return text
}

// silence says why there was no answer.
func silence(err error) string {
	if why, none := withoutCredentials(err); none {
		return "no AWS credentials were found (environment, profile, instance role): " + why
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "AWS did not answer within " + attemptDeadline.String()
	}
	var send *smithyhttp.RequestSendError
	if errors.As(err, &send) {
		return "AWS did not answer: " + send.Err.Error()
	}
	return err.Error()
}

// imds is the SDK's name of the service that hands out the credentials of an
// instance's role. It is asked last, when there are none anywhere else.
const imds = "ec2imds"

// withoutCredentials is why the instance role, which is the last resort, gave no
// credentials; ok is false where that is not what is wrong.
func withoutCredentials(err error) (why string, ok bool) {
	var op *smithy.OperationError
	if service, _ := refused(err); service != imds {
		return "", false
	}
	for errors.As(err, &op) {
		err = op.Err
	}
	var send *smithyhttp.RequestSendError
	var answer *smithyhttp.ResponseError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "the instance metadata service does not answer", true
	case errors.As(err, &send):
		return "the instance metadata service does not answer: " + bare(send.Err).Error(), true
	case errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotFound:
		return "the instance has no role", true
	case strings.Contains(err.Error(), "AWS_EC2_METADATA_DISABLED"):
		return "AWS_EC2_METADATA_DISABLED is set", true
	}
	return err.Error(), true
}

// bare is an error without the address that was asked.
func bare(err error) error {
	var asked *url.Error
	if errors.As(err, &asked) {
		return asked.Err
	}
	return err
}

// unconfigured says why the SDK's own files and variables cannot be used.
func unconfigured(err error) error {
	const doing = "load the AWS configuration"
	var absent config.SharedConfigProfileNotExistError
	if errors.As(err, &absent) {
		return fmt.Errorf("%s: %w", doing, unprompted{fmt.Errorf("there is no profile %q; correct AWS_PROFILE, or add the profile to ~/.aws/config", absent.Profile)})
	}
	return fmt.Errorf("%s: %w: %w", doing, reconcile.ErrRetry, err)
}

// plain is AWS's sentence without the encoded part that only IAM can read.
func plain(message string) string {
	message, _, _ = strings.Cut(message, "Encoded authorization failure message")
	return strings.TrimRight(strings.Join(strings.Fields(message), " "), ". ")
}

// remedy names what to grant: the action that was refused.
func remedy(err error) string {
	service, operation := refused(err)
	prefix := map[string]string{"Auto Scaling": "autoscaling", "EC2": "ec2", "CloudWatch": "cloudwatch", "SSM": "ssm", "STS": "sts"}[service]
	switch {
	case prefix == "":
		return "check the agent's credentials"
	case operation == "AssumeRole":
		return "let the role's trust policy name the agent, and grant the agent sts:AssumeRole on it"
	case operation == "StartInstanceRefresh" || operation == "UpdateAutoScalingGroup":
		return fmt.Sprintf("grant autoscaling:%s, and ec2:RunInstances, ec2:CreateTags and iam:PassRole for what the template uses: AWS tries a launch with the agent's permissions first", operation)
	}
	return fmt.Sprintf("grant %s:%s", prefix, operation)
}

// refused is the innermost operation of an error: assuming a role happens
// inside of the call that needs it.
func refused(err error) (service, operation string) {
	for err != nil {
		var op *smithy.OperationError
		if !errors.As(err, &op) {
			break
		}
		service, operation, err = op.Service(), op.Operation(), op.Err
	}
	return service, operation
}
