package awssim

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"time"
)

// wire is a protocol: how a result and a refusal are written.
type wire interface {
	result(w http.ResponseWriter, c *call, v any)
	failure(w http.ResponseWriter, c *call, f *failure)
}

// queryWire is the AWS query protocol of Auto Scaling, STS and CloudWatch.
// A result is a struct with encoding/xml tags (lists as
// `xml:"LaunchTemplates>member"`), or a [fastXML]; nil for an operation that
// returns nothing.
type queryWire struct{ namespace string }

// ec2Wire is EC2's dialect of it: no result element, lists as
// `xml:"launchTemplates>item"`, errors of another shape.
type ec2Wire struct{}

// fastXML is a result that writes itself, for replies so large that
// reflection would cost more than the simulation.
type fastXML interface {
	appendXML(b *xmlText)
}

func (q queryWire) result(w http.ResponseWriter, c *call, v any) {
	b := xmlText{clock: c.clock}
	b.raw(`<` + c.action + `Response xmlns="` + q.namespace + `">`)
	if v != nil {
		b.open(c.action + "Result")
		b.members(v)
		b.close(c.action + "Result")
	}
	b.open("ResponseMetadata")
	b.text("RequestId", c.id)
	b.close("ResponseMetadata")
	b.close(c.action + "Response")
	writeXML(w, c, http.StatusOK, b)
}

func (q queryWire) failure(w http.ResponseWriter, c *call, f *failure) {
	var b xmlText
	b.raw(`<ErrorResponse xmlns="` + q.namespace + `"><Error>`)
	b.text("Type", blame(f))
	b.text("Code", f.code)
	b.text("Message", f.message)
	b.close("Error")
	b.text("RequestId", c.id)
	b.close("ErrorResponse")
	writeXML(w, c, f.status, b)
}

// blame is whose fault AWS says an error is.
func blame(f *failure) string {
	if f.status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

func (ec2Wire) result(w http.ResponseWriter, c *call, v any) {
	b := xmlText{clock: c.clock}
	b.raw(`<` + c.action + `Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">`)
	b.text("requestId", c.id)
	if v != nil {
		b.members(v)
	}
	b.close(c.action + "Response")
	writeXML(w, c, http.StatusOK, b)
}

func (ec2Wire) failure(w http.ResponseWriter, c *call, f *failure) {
	var b xmlText
	b.raw(`<Response><Errors><Error>`)
	b.text("Code", f.code)
	b.text("Message", f.message)
	b.raw(`</Error></Errors>`)
	b.text("RequestID", c.id)
	b.close("Response")
	writeXML(w, c, f.status, b)
}

func writeXML(w http.ResponseWriter, c *call, status int, b xmlText) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.Header().Set("X-Amzn-Requestid", c.id)
	w.WriteHeader(status)
	w.Write([]byte(xml.Header))
	w.Write(b.bytes)
}

// xmlText builds a reply by appending.
type xmlText struct {
	bytes []byte
	clock func(time.Time) time.Time // the clock's moment of a simulated one
}

func (b *xmlText) raw(s string) { b.bytes = append(b.bytes, s...) }

func (b *xmlText) open(name string) {
	b.bytes = append(b.bytes, '<')
	b.bytes = append(b.bytes, name...)
	b.bytes = append(b.bytes, '>')
}

func (b *xmlText) close(name string) {
	b.bytes = append(b.bytes, '<', '/')
	b.bytes = append(b.bytes, name...)
	b.bytes = append(b.bytes, '>')
}

// text is an element with text in it, nothing when the text is empty.
func (b *xmlText) text(name, value string) {
	if value == "" {
		return
	}
	b.open(name)
	b.escaped(value)
	b.close(name)
}

func (b *xmlText) escaped(value string) {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c == '<' || c == '>' || c == '&' || c < ' ' || c >= 0x7f {
			var buf bytes.Buffer
			xml.EscapeText(&buf, []byte(value))
			b.bytes = append(b.bytes, buf.Bytes()...)
			return
		}
	}
	b.raw(value)
}

// members is the fields of a result, without an element around them.
func (b *xmlText) members(v any) {
	if fast, ok := v.(fastXML); ok {
		fast.appendXML(b)
		return
	}
	var buf bytes.Buffer
	e := xml.NewEncoder(&buf)
	if err := e.EncodeElement(onClock(v, b.clock), xml.StartElement{Name: xml.Name{Local: "r"}}); err != nil {
		panic(fmt.Sprintf("awssim: a result cannot be encoded: %v", err)) // a mistake in this package
	}
	b.bytes = append(b.bytes, bytes.TrimSuffix(bytes.TrimPrefix(buf.Bytes(), []byte("<r>")), []byte("</r>"))...)
}
