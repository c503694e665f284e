package aws

import (
	"bytes"
	"io"
	"net/http"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// wholeBody is an HTTP client that hands on requests whose body nobody can
// close under it. The SDK closes a request's body as soon as the head of the
// reply is there; net/http looks at the body once more when it has sent it,
// and breaks the connection when that look fails. With an endpoint as near as
// loopback the reply can come first, and a call that AWS has answered would be
// made again. Bodies here are a few kilobytes.
type wholeBody struct{ client awssdk.HTTPClient }

func newWholeBody(client awssdk.HTTPClient) wholeBody {
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	return wholeBody{client}
}

// Do sends the request with a copy of its body.
func (w wholeBody) Do(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return w.client.Do(req)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	own := req.WithContext(req.Context())
	own.Body, own.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	own.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return w.client.Do(own)
}
