package postgres

import (
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// identified is an id of ours. Its zero value is null.
type identified interface {
	IsZero() bool
	Bytes() [16]byte
}

// uuids lets a connection send and receive ids as the sixteen bytes that they are. Without it the driver writes each as text and
// reads that back, which cost a tenth of a short act.
func uuids(conn *pgx.Conn) {
	m := conn.TypeMap()
	m.RegisterType(&pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: idCodec{}})
	m.TryWrapEncodePlanFuncs = append([]pgtype.TryWrapEncodePlanFunc{wrapID}, m.TryWrapEncodePlanFuncs...)
}

func wrapID(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
	id, ok := value.(identified)
	if !ok {
		return nil, nil, false
	}
	return &idPlan{}, uuid{id}, true
}

type uuid struct{ identified }

// UUIDValue implements pgtype.UUIDValuer.
func (u uuid) UUIDValue() (pgtype.UUID, error) {
	return pgtype.UUID{Bytes: u.Bytes(), Valid: !u.IsZero()}, nil
}

type idPlan struct{ next pgtype.EncodePlan }

// SetNext implements pgtype.WrappedEncodePlanNextSetter.
func (p *idPlan) SetNext(next pgtype.EncodePlan) { p.next = next }

// Encode implements pgtype.EncodePlan.
func (p *idPlan) Encode(value any, buf []byte) ([]byte, error) {
	return p.next.Encode(uuid{value.(identified)}, buf)
}

type idCodec struct{ pgtype.UUIDCodec }

// PlanScan implements pgtype.Codec.
func (c idCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(interface {
		identified
		sql.Scanner
	}); ok && format == pgtype.BinaryFormatCode {
		return idScan{}
	}
	return c.UUIDCodec.PlanScan(m, oid, format, target)
}

type idScan struct{}

// Scan implements pgtype.ScanPlan.
func (idScan) Scan(src []byte, target any) error {
	if src == nil {
		return target.(sql.Scanner).Scan(nil)
	}
	return target.(sql.Scanner).Scan(src)
}
