package alarms

// Math is what an expression makes of series of so many periods.
func Math(text string, read map[string][]float64, periods int) ([]float64, error) {
	ids, all := map[string]statistic{}, map[string]series{}
	for id, values := range read {
		ids[id], all[id] = statistic{}, values
	}
	e, err := parseMath(text, ids)
	if err != nil {
		return nil, err
	}
	return e.of(all, periods), nil
}
