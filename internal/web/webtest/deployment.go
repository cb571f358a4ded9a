package webtest

import "mainstay/internal/web"

// deployment is the administrator's page, of a deployment that does well or of one that does not.
func deployment(well bool) web.DeploymentPage {
	p := web.DeploymentPage{Shell: shell("Deployment", "/settings/models"), Checks: checksGood(), Now: web.Measured{At: at(24, 9, 14), Seen: "fixture",
		Rows: []web.Check{
			{Name: "Work", Found: "2 steps running, 1 waiting, the longest for 4 s", State: "ok", Word: "Flows"},
			{Name: "Stopped work", Found: "No work was given up", State: "ok", Word: "None"},
			{Name: "Disk", Found: "412 GB of 480 GB free where the data folder is", State: "ok", Word: "Enough"},
			{Name: "Mail", Found: "38 sent in the last day, 0 waiting", State: "ok", Word: "Sent"},
			{Name: "Database", Found: "PostgreSQL 15.14, private to Mainstay", State: "ok", Word: "34 MB"},
		},
		Models: []web.ModelRow{
			{Name: "whisper-base", Size: "141 MB", Licence: "MIT", Digest: "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9", State: web.StateChip{Class: "approved", Icon: "circle-check", Text: "Here"}},
			{Name: "voice", Size: "64 MB", Licence: "MIT, Apache-2.0", Digest: "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199", State: web.StateChip{Class: "approved", Icon: "circle-check", Text: "Here"}},
		},
		Facts: []web.Fact{{Name: "Version", Value: "v1.4.0"}, {Name: "Running since", Value: "Mon 16 Nov 2026, 07:12 CET"}, {Name: "Database's tables", Value: "version 21"},
			{Name: "Key store", Value: "512 kB"}, {Name: "Sealed recordings", Value: "in the data folder"}}}}
	p.Shell.Live = "htmx"
	if well {
		return p
	}
	p.Checks = checks()
	p.Now.Rows = []web.Check{
		{Name: "Work", Found: "2 steps running, 41 waiting, the longest for 38 min", State: "warn", Word: "Slow", Fix: "Recordings come in faster than they are heard. Give the machine more processors, or let an engine of its own hear them (engine in the settings)."},
		{Name: "Stopped work", Found: "3 steps were given up, in all workspaces", State: "warn", Word: "3", Fix: "Who may read a meeting sees why, and can begin again.", Go: "Open the jobs of this workspace", Href: "/jobs"},
		{Name: "Disk", Found: "312 MB of 480 GB free where the data folder is", State: "bad", Word: "Full", Fix: "Free some space: uploads are refused when the disk is full. Nothing that was stored is lost."},
		{Name: "Mail", Found: "0 sent in the last day, 12 waiting", State: "warn", Word: "Trouble", Fix: "The oldest letter waits for 1 h 12 min. 2 letters were given up in the last 30 days. The server's last refusal was 550. Look at the mail server, and at smtp in the settings of the deployment."},
		{Name: "Database", Found: "PostgreSQL 15.14, private to Mainstay", State: "ok", Word: "34 MB"},
	}
	p.Now.Models[1].State = web.StateChip{Class: "dead", Icon: "triangle-alert", Text: "Missing"}
	return p
}
