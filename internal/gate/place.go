package gate

// place is where in an act a test build can be told to die, to prove that a crash there loses nothing and doubles nothing.
type place string

// The places of an act, in order, and those of a piece of a stream.
const (
	atAsked     place = "asked"     // nothing was done yet
	atKeyed     place = "keyed"     // the keys of new records are made, their rows are not
	atErased    place = "erased"    // keys are destroyed, the rows do not say so yet
	atWritten   place = "written"   // the rows are written, nothing is committed
	atCommitted place = "committed" // all is committed, and the caller does not know

	atStored  place = "stored"  // a piece is durable and has no row
	atCounted place = "counted" // its row is committed, and the caller does not know
)
