package template

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Decode fills a struct from the resource's properties. A field takes the
// property of its tag `cfn:"Name"`, or of its own name; with
// `cfn:"Name,required"` its absence is an error. Fields can be strings,
// booleans, numbers, structs, slices, maps with string keys, pointers to these,
// or any.
//
// Scalars are as loose as CloudFormation's: "5" is a number, "true" a boolean,
// and any scalar is text. Every property must have a field or be named in
// ignore, by a path such as "Tags" or "Rules.Filter" (through lists as well).
func Decode(r Resource, into any, ignore ...string) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("decode %s: the target must be a pointer to a struct, not %T", r.Path, into)
	}
	properties := r.Properties
	if properties == nil {
		properties = map[string]any{}
	}
	return decoder{r, ignore}.decode(target.Elem(), properties, "")
}

type decoder struct {
	resource Resource
	ignore   []string
}

func (d decoder) decode(target reflect.Value, value any, path string) error {
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		return d.decode(target.Elem(), value, path)
	case reflect.Interface:
		if target.NumMethod() == 0 {
			target.Set(reflect.ValueOf(value))
			return nil
		}
	case reflect.Struct:
		return d.decodeStruct(target, value, path)
	case reflect.Map:
		if target.Type().Key().Kind() == reflect.String {
			return d.decodeMap(target, value, path)
		}
	case reflect.Slice:
		return d.decodeSlice(target, value, path)
	}
	if err := setScalar(target, value); err != nil {
		return d.resource.Errorf(path, "%w", err)
	}
	return nil
}

func (d decoder) decodeStruct(target reflect.Value, value any, path string) error {
	object, ok := value.(map[string]any)
	if !ok {
		return d.resource.Errorf(path, "must be a mapping, not %s", kind(value))
	}
	fields, required := structFields(target.Type())
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := member(path, name)
		if slices.Contains(d.ignore, withoutIndexes.ReplaceAllString(at, "")) {
			continue
		}
		index, known := fields[name]
		if !known {
			return d.resource.Errorf(at, "this property of %s is not supported here%s",
				d.resource.Type, suggest(name, slices.Collect(maps.Keys(fields))))
		}
		if err := d.decode(target.Field(index), object[name], at); err != nil {
			return err
		}
	}
	for _, name := range required {
		if _, ok := object[name]; !ok {
			return d.resource.Errorf(path, "%s is missing", name)
		}
	}
	return nil
}

var withoutIndexes = regexp.MustCompile(`\[[0-9]+\]`)

// member is the path of a key of what stands at path.
func member(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// structFields gives the indexes of a struct's fields by property name, and
// the names of those that are required, in their order.
func structFields(t reflect.Type) (indexes map[string]int, required []string) {
	indexes = map[string]int{}
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			continue
		}
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("cfn"), ",")
		if name == "" {
			name = t.Field(i).Name
		}
		indexes[name] = i
		if option == "required" {
			required = append(required, name)
		}
	}
	return indexes, required
}

func (d decoder) decodeMap(target reflect.Value, value any, path string) error {
	object, ok := value.(map[string]any)
	if !ok {
		return d.resource.Errorf(path, "must be a mapping, not %s", kind(value))
	}
	target.Set(reflect.MakeMapWithSize(target.Type(), len(object)))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		item := reflect.New(target.Type().Elem()).Elem()
		if err := d.decode(item, object[name], member(path, name)); err != nil {
			return err
		}
		target.SetMapIndex(reflect.ValueOf(name).Convert(target.Type().Key()), item)
	}
	return nil
}

func (d decoder) decodeSlice(target reflect.Value, value any, path string) error {
	list, ok := value.([]any)
	if !ok {
		return d.resource.Errorf(path, "must be a list, not %s", kind(value))
	}
	target.Set(reflect.MakeSlice(target.Type(), len(list), len(list)))
	for i, item := range list {
		if err := d.decode(target.Index(i), item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}
