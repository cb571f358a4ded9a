package administration

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/health"
)

// Measures is how the deployment does, in numbers of this moment.
type Measures struct {
	Version         string    `json:"version" doc:"Of the program."`
	BeganAt         time.Time `json:"began_at" doc:"When this process started."`
	At              time.Time `json:"at"`
	DatabaseServer  string    `json:"database_server" doc:"PostgreSQL's version."`
	DatabaseBytes   int64     `json:"database_bytes"`
	DatabaseVersion int       `json:"database_version" doc:"Of the tables."`
	KeysBytes       int64     `json:"keys_bytes"`
	DiskFree        int64     `json:"disk_free" doc:"Bytes."`
	DiskTotal       int64     `json:"disk_total" doc:"Bytes."`
	Models          []Model   `json:"models"`
}

// Model is one that recordings need.
type Model struct {
	Name    string `json:"name"`
	Licence string `json:"licence"`
	Digest  string `json:"digest" doc:"SHA-256 of its largest file."`
	Bytes   int64  `json:"bytes"`
	Here    bool   `json:"here" doc:"Its files are there."`
}

func (d *Desk) deployment() {
	operation.Add(d.set, operation.Operation{ID: "read-measures", Method: http.MethodGet, Path: "/deployment", Noun: Deployment, Verb: gate.CheckDeployment,
		Summary: "How it does", Says: "Version, space and models of the deployment, as they are now."}, d.readMeasures)
}

func (d *Desk) readMeasures(ctx context.Context, _ *operation.None) (*operation.Reply[Measures], error) {
	now, err := d.Health.Measure(ctx)
	if err != nil {
		return nil, err
	}
	return operation.Answer(measures(now)), nil
}

func measures(d health.Deployment) Measures {
	m := Measures{Version: d.Version, BeganAt: d.Began.UTC(), At: d.Now.UTC(), DatabaseServer: d.Database.Server, DatabaseBytes: d.Database.Size, DatabaseVersion: d.Database.Version,
		KeysBytes: d.Keys, DiskFree: d.Space.Free, DiskTotal: d.Space.Total, Models: []Model{}}
	for _, one := range d.Models {
		m.Models = append(m.Models, Model{Name: one.Name, Licence: one.Licence, Digest: one.Digest, Bytes: one.Size, Here: one.Here})
	}
	return m
}
