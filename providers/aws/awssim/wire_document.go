package awssim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// SSM speaks awsJson1.1. CloudWatch speaks three protocols: the Go SDK sends
// Smithy RPC v2 CBOR, the aws CLI (botocore) awsJson1.0, and older callers the
// query protocol, which its queryWire answers.

// document is a wire whose requests are documents instead of flattened
// members: nil, bool, string, int64, uint64, float64, time.Time, []any or
// map[string]any.
type document interface {
	wire
	decode(body []byte) (any, error)
}

// readDocument tells whether the request is in a document protocol, and if so
// which action it asks for and how to answer it.
func readDocument(req *http.Request) (action string, w wire, ok bool) {
	if target := req.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndex(target, ".")+1:], jsonWire{contentType: req.Header.Get("Content-Type")}, true
	}
	if req.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" {
		_, action, _ = strings.Cut(req.URL.Path, "/operation/")
		return action, cborWire{}, true
	}
	return "", nil, false
}

// input fills the struct that in points to with the members of the request,
// whatever protocol it came in.
func (c *call) input(in any) *failure {
	var from any = memberTree(c.form.flat()).document()
	if w, ok := c.wire.(document); ok {
		var err error
		if from, err = w.decode(c.body); err != nil {
			return &failure{http.StatusBadRequest, "SerializationException", err.Error()}
		}
	}
	if err := fill(reflect.ValueOf(in).Elem(), from); err != nil {
		return &failure{http.StatusBadRequest, "SerializationException", err.Error()}
	}
	return nil
}

// jsonWire is awsJson1.0 and 1.1.
type jsonWire struct{ contentType string }

func (jsonWire) decode(body []byte) (any, error) {
	var v any
	if len(body) == 0 {
		return v, nil
	}
	err := json.Unmarshal(body, &v)
	return v, err
}

func (j jsonWire) result(w http.ResponseWriter, c *call, v any) {
	j.write(w, c, http.StatusOK, fields(onClock(v, c.clock)))
}

func (j jsonWire) failure(w http.ResponseWriter, c *call, f *failure) {
	w.Header().Set("X-Amzn-Query-Error", queryError(f))
	j.write(w, c, f.status, map[string]any{"__type": errorShape(f.code), "message": f.message})
}

func (j jsonWire) write(w http.ResponseWriter, c *call, status int, v any) {
	body, err := json.Marshal(jsonValue(v))
	if err != nil {
		panic(fmt.Sprintf("awssim: a result cannot be encoded: %v", err)) // a mistake in this package
	}
	w.Header().Set("Content-Type", j.contentType)
	writeDocument(w, c, status, body)
}

// jsonValue writes timestamps as awsJson has them: seconds since 1970.
func jsonValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		return epoch(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = jsonValue(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name := range v {
			out[name] = jsonValue(v[name])
		}
		return out
	}
	return v
}

func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// cborWire is Smithy RPC v2 CBOR (smithy.io, "Smithy RPC v2 CBOR protocol").
type cborWire struct{}

func (cborWire) decode(body []byte) (any, error) {
	if len(body) == 0 {
		return nil, nil
	}
	v, err := cbor.Decode(body)
	if err != nil {
		return nil, err
	}
	return fromCBOR(v), nil
}

func (b cborWire) result(w http.ResponseWriter, c *call, v any) {
	b.write(w, c, http.StatusOK, fields(onClock(v, c.clock)))
}

func (b cborWire) failure(w http.ResponseWriter, c *call, f *failure) {
	w.Header().Set("X-Amzn-Query-Error", queryError(f))
	b.write(w, c, f.status, map[string]any{"__type": errorShape(f.code), "message": f.message})
}

func (cborWire) write(w http.ResponseWriter, c *call, status int, v any) {
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	writeDocument(w, c, status, cbor.Encode(toCBOR(v)))
}

func writeDocument(w http.ResponseWriter, c *call, status int, body []byte) {
	w.Header().Set("X-Amzn-Requestid", c.id)
	w.WriteHeader(status)
	w.Write(body)
}

// queryError is the header by which a service that used to speak the query
// protocol keeps its old error codes.
func queryError(f *failure) string { return f.code + ";" + blame(f) }

// errorShape is the name of the error's shape where CloudWatch's model has
// another name for it than the query protocol's code.
func errorShape(code string) string {
	shapes := map[string]string{
		"InvalidFormat":               "InvalidFormatFault",
		"LimitExceeded":               "LimitExceededFault",
		"InvalidParameterValue":       "InvalidParameterValueException",
		"InvalidParameterCombination": "InvalidParameterCombinationException",
		"MissingParameter":            "MissingRequiredParameterException",
	}
	if shape, ok := shapes[code]; ok {
		return shape
	}
	return code
}

func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.String:
		return string(v)
	case cbor.Bool:
		return bool(v)
	case cbor.Uint:
		return float64(v)
	case cbor.NegInt:
		return -float64(v)
	case cbor.Float32:
		return float64(v)
	case cbor.Float64:
		return float64(v)
	case *cbor.Tag:
		return fromCBOR(v.Value)
	case cbor.List:
		out := make([]any, len(v))
		for i := range v {
			out[i] = fromCBOR(v[i])
		}
		return out
	case cbor.Map:
		out := make(map[string]any, len(v))
		for name := range v {
			out[name] = fromCBOR(v[name])
		}
		return out
	}
	return nil
}

func toCBOR(v any) cbor.Value {
	switch v := v.(type) {
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case int64:
		if v < 0 {
			return cbor.NegInt(-v)
		}
		return cbor.Uint(v)
	case float64:
		return cbor.Float64(v)
	case time.Time:
		return &cbor.Tag{ID: 1, Value: cbor.Float64(epoch(v))} // RFC 8949 3.4.2: seconds since 1970
	case []any:
		out := make(cbor.List, len(v))
		for i := range v {
			out[i] = toCBOR(v[i])
		}
		return out
	case map[string]any:
		out := cbor.Map{}
		for name := range v {
			out[name] = toCBOR(v[name])
		}
		return out
	}
	return &cbor.Nil{}
}
