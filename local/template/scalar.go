package template

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
)

func setScalar(target reflect.Value, value any) error {
	takes := kindOf(target)
	if takes == "" {
		return errors.New("cannot be decoded into a Go " + target.Type().String())
	}
	text, ok := toText(value)
	if !ok {
		return fmt.Errorf("must be %s, not %s", takes, kind(value))
	}
	var err error
	switch {
	case target.Kind() == reflect.String:
		target.SetString(text)
	case target.Kind() == reflect.Bool:
		err = setBool(target, text)
	case target.CanInt():
		var number int64
		number, err = strconv.ParseInt(text, 10, target.Type().Bits())
		target.SetInt(number)
	case target.CanFloat():
		var number float64
		number, err = strconv.ParseFloat(text, target.Type().Bits())
		target.SetFloat(number)
	}
	if err != nil {
		return fmt.Errorf("must be %s, not %q", takes, text)
	}
	return nil
}

// setBool takes true and false only: ParseBool takes 1 and T, too.
func setBool(target reflect.Value, text string) error {
	if text != "true" && text != "false" {
		return errors.New("not a boolean")
	}
	target.SetBool(text == "true")
	return nil
}

// kindOf names what a scalar field takes: nothing where it is none.
func kindOf(target reflect.Value) string {
	switch {
	case target.Kind() == reflect.Bool:
		return "true or false"
	case target.CanInt():
		return "a whole number"
	case target.CanFloat():
		return "a number"
	case target.Kind() == reflect.String:
		return "text"
	}
	return ""
}
