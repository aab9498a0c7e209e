package look

const (
	MaxLook  = maxLook
	Settling = settling
)
