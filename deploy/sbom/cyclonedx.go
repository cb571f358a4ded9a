package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
)

// The shapes of CycloneDX 1.6 (ECMA-424), as far as they are written here.
type (
	bom struct {
		Schema       string     `json:"$schema"`
		Format       string     `json:"bomFormat"`
		Spec         string     `json:"specVersion"`
		Serial       string     `json:"serialNumber"`
		Version      int        `json:"version"`
		Metadata     metadata   `json:"metadata"`
		Components   []part     `json:"components"`
		Dependencies []dependOn `json:"dependencies"`
	}
	metadata struct {
		Timestamp string `json:"timestamp"`
		Component part   `json:"component"`
	}
	part struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version,omitempty"`
		PURL       string     `json:"purl,omitempty"`
		Hashes     []hash     `json:"hashes,omitempty"`
		Licences   []licence  `json:"licenses,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	licence struct {
		Expression string `json:"expression"` // SPDX
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependOn struct {
		Ref string   `json:"ref"`
		On  []string `json:"dependsOn"`
	}
)

// cyclonedx returns the bill of materials. Its serial number follows from the version, so that it can be made again.
func cyclonedx(r release, all []component) ([]byte, error) {
	sum := sha256.Sum256([]byte("mainstay " + r.version + " " + r.time))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // UUID version 8, RFC 9562
	doc := bom{Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6", Version: 1,
		Serial:   fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]),
		Metadata: metadata{Timestamp: r.time, Component: part{Type: "application", Ref: "mainstay", Name: "mainstay", Version: r.version}}}
	uses := dependOn{Ref: "mainstay"}
	for _, c := range all {
		p := partOf(c)
		doc.Components = append(doc.Components, p)
		uses.On = append(uses.On, p.Ref)
	}
	doc.Dependencies = []dependOn{uses}
	out, err := json.MarshalIndent(doc, "", "  ")
	return append(out, '\n'), err
}

func partOf(c component) part {
	p := part{Type: c.kind, Ref: c.purl, Name: c.name, Version: c.version, PURL: c.purl}
	if p.Ref == "" {
		p.Ref = "mainstay:" + c.name
	}
	for _, h := range c.hashes {
		p.Hashes = append(p.Hashes, hash{"SHA-256", h})
	}
	if c.licence != "" {
		p.Licences = []licence{{strings.ReplaceAll(c.licence, ", ", " AND ")}}
	}
	add := func(name, value string) {
		if value != "" {
			p.Properties = append(p.Properties, property{"mainstay:" + name, value})
		}
	}
	add("go.sum", c.sum)
	add("released", c.released)
	if c.fetched {
		add("fetched", "at installation, by digest")
	}
	return p
}
