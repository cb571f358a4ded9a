package password

import (
	"runtime"
	"syscall"
)

// favor asks the kernel for huge pages where the memory of the next hashes will come from. A hash reads and writes its memory all over
// the place, and to find each of so many small pages costs a tenth of it. Nothing is used up here, as nothing is written, and the
// runtime keeps the addresses for good. Bytes are a hash's; count is how many the collector lets lie about. It is a hint: nothing
// depends on it.
func favor(bytes, count int) {
	if bytes < 2<<20 { // less than one of them
		return
	}
	taken := make([][]byte, count)
	for i := range taken {
		taken[i] = make([]byte, bytes)
		_ = syscall.Madvise(taken[i], syscall.MADV_HUGEPAGE)
	}
	runtime.KeepAlive(taken)
}
