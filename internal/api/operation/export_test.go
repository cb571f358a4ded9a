package operation

// What the fuzz targets look into.
var Parse = parse

// Cursor reads a cursor of a set that signs with key.
func Cursor(key []byte, text, place string) (int, bool) {
	at, ok := (&Set{cfg: Config{Cursors: key}}).cursor(text, place)
	return at.From, ok
}

// NewCursor makes one.
func NewCursor(key []byte, from int, place string) string {
	return (&Set{cfg: Config{Cursors: key}}).newCursor(position{From: from}, place)
}
