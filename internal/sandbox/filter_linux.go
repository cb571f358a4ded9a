package sandbox

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// forbidden are system calls that no decoder and no network needs and that reach other processes, change the machine, open
// large parts of the kernel, change files that Landlock guards against reading and writing alone, or get around the filter. Names that an architecture lacks are left out there.
const forbidden = `ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_open pidfd_getfd pidfd_send_signal
	rt_sigqueueinfo rt_tgsigqueueinfo tkill setsid setpgid
	mount umount2 move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr pivot_root chroot unshare setns
	bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key
	init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd
	syslog settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname iopl ioperm personality
	name_to_handle_at open_by_handle_at fanotify_init lookup_dcookie vhangup modify_ldt
	connect mknod mknodat msgget semget shmget mq_open setpriority ioprio_set
	chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes utimensat futimesat
	setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr`

// newest is the first system call number that nobody here has judged. Numbers are the same on every architecture from 424 on.
const newest = 463

const (
	archOffset   = 4
	numberOffset = 0
)

// rulesFor returns the seccomp program for a spec, as the kernel wants it. With a pid, signals can be sent to that process
// alone; without one the program has a name space of processes.
func rulesFor(spec Spec, pid int) ([]byte, error) {
	here, err := arch.GetInfo("")
	if err != nil {
		return nil, fmt.Errorf("making a sandbox: %w", err)
	}
	deny := seccomp.SyscallGroup{Action: refusing(unix.EPERM), NamesWithCondtions: append(sockets(spec), clones(spec)...)}
	names := strings.Fields(forbidden)
	if len(spec.Share) == 0 {
		names = append(names, "socket")
	}
	if spec.Limits.Processes == 1 {
		names = append(names, "fork", "vfork")
	}
	for _, name := range names {
		if _, ok := here.SyscallNames[name]; ok {
			deny.Names = append(deny.Names, name)
		}
	}
	if pid != 0 {
		deny.NamesWithCondtions = append(deny.NamesWithCondtions, toItself(pid)...)
	}
	// The C library falls back to clone, whose flags a filter can read.
	absent := seccomp.SyscallGroup{Action: refusing(unix.ENOSYS), Names: []string{"clone3"}}
	policy := seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: []seccomp.SyscallGroup{deny, absent}}
	body, err := policy.Assemble()
	if err != nil {
		return nil, fmt.Errorf("making a sandbox: %w", err)
	}
	return encode(append(guard(here), body...))
}

func refusing(errno unix.Errno) seccomp.Action { return seccomp.ActionErrno | seccomp.Action(errno) }

// guard ends a program that calls by another architecture's table, which the policy would let pass, and refuses numbers
// that are newer than the list above.
func guard(here *arch.Info) []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(here.ID), SkipTrue: 1},
		bpf.RetConstant{Val: uint32(seccomp.ActionKillProcess)},
		bpf.LoadAbsolute{Off: numberOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: newest, SkipTrue: 1},
		bpf.RetConstant{Val: uint32(refusing(unix.ENOSYS))},
	}
}

// sockets refuses every socket but streams of this machine. Where no folder is shared a lone socket is forbidden altogether;
// where one is, it can be listened on, as nothing may connect.
func sockets(spec Spec) []seccomp.NameWithConditions {
	names := []string{"socketpair"}
	if len(spec.Share) > 0 {
		names = append(names, "socket")
	}
	var all []seccomp.NameWithConditions
	for _, name := range names {
		all = append(all,
			when(name, seccomp.Condition{Argument: 0, Operation: seccomp.NotEqual, Value: unix.AF_UNIX}),
			// Datagrams (2) and records (5) could be sent to an address without connecting.
			when(name, seccomp.Condition{Argument: 1, Operation: seccomp.BitsSet, Value: 2 | 4}))
	}
	return all
}

// clones refuses new name spaces and, where one process is the limit, everything but threads.
func clones(spec Spec) []seccomp.NameWithConditions {
	const spaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP
	all := []seccomp.NameWithConditions{when("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: spaces})}
	if spec.Limits.Processes == 1 {
		all = append(all, when("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsNotSet, Value: unix.CLONE_THREAD}))
	}
	return all
}

func when(name string, all ...seccomp.Condition) seccomp.NameWithConditions {
	return seccomp.NameWithConditions{Name: name, Conditions: all}
}

// toItself lets a process signal, and limit, itself and its own group, which no process here can leave.
func toItself(pid int) []seccomp.NameWithConditions {
	own := seccomp.Condition{Argument: 0, Operation: seccomp.NotEqual, Value: uint64(pid)}
	group := seccomp.Condition{Argument: 0, Operation: seccomp.NotEqual, Value: 0}
	return []seccomp.NameWithConditions{
		when("kill", own, group),
		when("tgkill", own),
		when("prlimit64", own, group),
	}
}

// encode writes a filter as an array of struct sock_filter in this machine's byte order.
func encode(program []bpf.Instruction) ([]byte, error) {
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("making a sandbox: %w", err)
	}
	var b []byte
	for _, one := range raw {
		b = binary.NativeEndian.AppendUint16(b, one.Op)
		b = append(b, one.Jt, one.Jf)
		b = binary.NativeEndian.AppendUint32(b, one.K)
	}
	return b, nil
}
