//go:build faultpoint

package gate

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// FaultPoints says that this build can be told where to die. It is true in one test build only.
const FaultPoints = true

// killAt is the variable that names where this process dies: VERB:PLACE, or VERB:PLACE:N for the Nth time it gets there.
const killAt = "MAINSTAY_TEST_KILL"

var passed atomic.Int64

// reached kills the process, as a power cut would, where the environment says so. The file that MAINSTAY_TEST_KILLED names
// is made first, so that a test knows that the place was reached.
func reached(verb Verb, at place) {
	want := strings.Split(os.Getenv(killAt), ":")
	if len(want) < 2 || want[0] != string(verb) || want[1] != string(at) {
		return
	}
	times := int64(1)
	if len(want) == 3 {
		times, _ = strconv.ParseInt(want[2], 10, 64)
	}
	if passed.Add(1) != times {
		return
	}
	if told := os.Getenv("MAINSTAY_TEST_KILLED"); told != "" {
		_ = os.WriteFile(told, nil, 0o600)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
