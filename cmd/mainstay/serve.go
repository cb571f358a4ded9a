package main

import (
	"context"

	"mainstay/internal/fault"
)

func serve(context.Context, []string, streams) error {
	return fault.New(fault.Busy, "The server's pages are not part of this build yet.")
}
