package awssim

import (
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Between the structs in which operations think and the documents that
// protocols carry. A field's name is the first part of its xml tag (so that
// one struct serves all protocols), or else the name of the field itself.

// fields is the document of a result: nil is an empty structure, and a field
// that says omitempty is left out when it is zero.
func fields(v any) any {
	if v == nil {
		return map[string]any{}
	}
	return asDocument(reflect.ValueOf(v))
}

func asDocument(v reflect.Value) any {
	if t, ok := v.Interface().(time.Time); ok {
		return t
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return asDocument(v.Elem())
	case reflect.Struct:
		return structDocument(v)
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = asDocument(v.Index(i))
		}
		return out
	case reflect.Int, reflect.Int64:
		return v.Int()
	case reflect.Float64:
		return v.Float()
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	}
	panic(fmt.Sprintf("awssim: a result cannot be encoded: it has a %s", v.Type())) // a mistake in this package
}

func structDocument(v reflect.Value) map[string]any {
	out := map[string]any{}
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			maps.Copy(out, structDocument(v.Field(i)))
			continue
		}
		name, omitEmpty := fieldName(v.Type().Field(i))
		if omitEmpty && v.Field(i).IsZero() {
			continue
		}
		out[name] = asDocument(v.Field(i))
	}
	return out
}

func fieldName(f reflect.StructField) (name string, omitEmpty bool) {
	path, options, _ := strings.Cut(f.Tag.Get("xml"), ",")
	name, _, _ = strings.Cut(path, ">")
	if name == "" {
		name = f.Name
	}
	return name, options == "omitempty"
}

// fill sets v from a document. Members that v has no field for are ignored, as
// AWS ignores them.
func fill(v reflect.Value, from any) error {
	if from == nil {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), from)
	case reflect.Struct:
		return fillStruct(v, from)
	case reflect.Slice:
		return fillSlice(v, from)
	}
	return fillValue(v, from)
}

func fillStruct(v reflect.Value, from any) error {
	members, ok := from.(map[string]any)
	if !ok {
		return mismatch(v, from)
	}
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			if err := fillStruct(v.Field(i), from); err != nil {
				return err
			}
			continue
		}
		name, _ := fieldName(v.Type().Field(i))
		if err := fill(v.Field(i), members[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func fillSlice(v reflect.Value, from any) error {
	items, ok := from.([]any)
	if !ok {
		return mismatch(v, from)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := fill(v.Index(i), item); err != nil {
			return err
		}
	}
	return nil
}

// fillValue sets a string, number or boolean. The query protocol has strings
// only, so they are read as what the field is.
func fillValue(v reflect.Value, from any) error {
	text := fmt.Sprint(from)
	if number, ok := from.(float64); ok {
		text = strconv.FormatFloat(number, 'f', -1, 64)
	}
	switch v.Kind() {
	case reflect.String:
		if _, ok := from.(string); !ok {
			return mismatch(v, from)
		}
		v.SetString(text)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		v.SetFloat(f)
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	v.SetInt(n)
	return err
}

func mismatch(v reflect.Value, from any) error {
	return fmt.Errorf("expected a %s, found a %T", v.Kind(), from)
}
