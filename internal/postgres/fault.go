package postgres

import (
	"context"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"mainstay/internal/fault"
)

// Fault gives a database error its kind. A fault passes as it is, and nil stays nil.
func Fault(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return ofCode(pg, err)
	}
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Busy, "This took too long and was stopped. Try again.", err)
	case errors.As(err, &network), pgconn.SafeToRetry(err):
		return fault.Wrap(fault.Busy, "The database cannot be reached. Try again in a moment.", err)
	}
	return err
}

// ofCode sorts by SQLSTATE (PostgreSQL manual, appendix A). PostgreSQL's own text stays out: it can quote values.
func ofCode(pg *pgconn.PgError, err error) error {
	cause := errors.New("SQLSTATE " + pg.Code + " " + pg.ConstraintName + " " + pg.Routine)
	if pg.Code[:2] == "42" || pg.Code[:2] == "08" {
		cause = err // our own statement or the connection: nothing of a row is in it
	}
	switch {
	case pg.Code == "23505":
		return fault.Wrap(fault.Conflict, "This exists already.", cause)
	case pg.Code == "53100":
		return fault.Wrap(fault.Busy, "The disk of the database is full. Nothing was stored; tell your administrator.", cause)
	case pg.Code == "40001", pg.Code == "40P01", pg.Code == "55P03", pg.Code == "57014":
		return fault.Wrap(fault.Busy, "The database was busy with the same thing. Try again.", cause)
	case pg.Code[:2] == "53", pg.Code[:2] == "57", pg.Code[:2] == "08":
		return fault.Wrap(fault.Busy, "The database cannot take more work now. Try again in a moment.", cause)
	}
	return fault.Wrap(fault.Internal, "Something went wrong on our side. Nothing was stored; tell your administrator if it happens twice.", cause)
}
