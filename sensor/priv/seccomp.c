/*
 * System calls (seccomp(2)).  The list is what the sensor does once it runs: read
 * packets, write events, put files aside, read rules again, start threads, open an
 * interface that came back.  A call that is not on it ends the process.  Where an
 * argument can be looked at, it is: no memory becomes executable, clone makes threads
 * and no processes, ioctl asks about terminals and interfaces only.
 */

#include "config.h"

#include "priv/priv_private.h"

#include "base/log.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Calls whose arguments do not matter; those of other machines are left out. */
static const char *const calls[] = {
	/* memory */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	/* threads */
	"futex",
	"futex_time64",
	"set_robust_list",
	"rseq",
	"sched_yield",
	"gettid",
	"getpid",
	"sched_getaffinity",
	"sched_setaffinity",
	"getcpu",
	"exit",
	"exit_group",
	"set_tid_address",
	"membarrier",
	/* signals */
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"rt_sigtimedwait_time64",
	"sigreturn",
	"sigaltstack",
	"restart_syscall",
	"signalfd4",
	"rt_sigsuspend",
	"pause",
	/* time and waiting */
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"gettimeofday",
	"time",
	"nanosleep",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_gettime",
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"_newselect",
	"pselect6",
	"pselect6_time64",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"eventfd2",
	/* files: which of them is for Landlock and permissions to say */
	"open",
	"openat",
	"close",
	"read",
	"readv",
	"pread64",
	"write",
	"writev",
	"pwrite64",
	"lseek",
	"_llseek",
	"fstat",
	"fstat64",
	"stat",
	"stat64",
	"lstat",
	"lstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"getdents64",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getcwd",
	"rename",
	"renameat",
	"renameat2",
	"unlink",
	"unlinkat",
	"ftruncate",
	"ftruncate64",
	"fsync",
	"fdatasync",
	"fcntl",
	"fcntl64",
	"fadvise64",
	"fadvise64_64",
	"pipe2",
	"dup",
	"fstatfs",
	"statfs",
	/* sockets: packets, interfaces, syslog, service manager */
	"connect",
	"bind",
	"getsockname",
	"getpeername",
	"setsockopt",
	"getsockopt",
	"sendto",
	"sendmsg",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"recvmmsg_time64",
	/* who and where */
	"getuid",
	"getuid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getegid",
	"getegid32",
	"getppid",
	"uname",
	"sysinfo",
	"getrusage",
	"getrandom",
};

/* What only a program that connects to servers does. */
static const char *const connecting_calls[] = {
	"sendmmsg", /* both questions of a lookup at once */
	"shutdown",
};

/* Terminals: whether it is one, its width, what waits in a pipe. */
static const unsigned ioctls[] = {
	0x5401, /* TCGETS */
	0x5413, /* TIOCGWINSZ */
	0x541b, /* FIONREAD */
	0x5421, /* FIONBIO */
};

/* Those of interfaces and wireless (SIOC...), which start with these octets. */
static const unsigned ioctl_kinds[] = { 0x8900, 0x8b00 };

static int
add(scmp_filter_ctx f, uint32_t action, const char *name, unsigned n,
    const struct scmp_arg_cmp *args)
{
	int call = seccomp_syscall_resolve_name(name);
	uint32_t preset;
	int error;

	/* Negative: this machine has no such call. */
	if (call == __NR_SCMP_ERROR || call < 0)
		return 0;
	/* What happens anyway needs no rule, and gets none from the library. */
	if (seccomp_attr_get(f, SCMP_FLTATR_ACT_DEFAULT, &preset) == 0 &&
	    preset == action)
		return 0;
	error = seccomp_rule_add_array(f, action, call, n, args);
	if (error != 0) {
		errno = -error;
		log_warn("seccomp: %s", name);
	}
	return error;
}

static int
add_memory(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);

	return add(f, SCMP_ACT_ALLOW, "mmap", 1, &no_code) ||
	    add(f, SCMP_ACT_ALLOW, "mmap2", 1, &no_code) ||
	    add(f, SCMP_ACT_ALLOW, "mprotect", 1, &no_code);
}

/*
 * The flags of clone3 are in memory, where the filter cannot look: the C library
 * is told that there is none and uses clone.
 */
static int
add_threads(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp thread =
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
	const struct scmp_arg_cmp self =
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	const struct scmp_arg_cmp name = SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0);
	const struct scmp_arg_cmp limit_of_self[] = { SCMP_A0(SCMP_CMP_EQ, 0, 0),
		SCMP_A2(SCMP_CMP_EQ, 0, 0) };

	return add(f, SCMP_ACT_ALLOW, "clone", 1, &thread) ||
	    add(f, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL) ||
	    add(f, SCMP_ACT_ALLOW, "tgkill", 1, &self) ||
	    add(f, SCMP_ACT_ALLOW, "prctl", 1, &name) ||
	    add(f, SCMP_ACT_ALLOW, "prlimit64", 2, limit_of_self) ||
	    add(f, SCMP_ACT_ALLOW, "getrlimit", 0, NULL) ||
	    add(f, SCMP_ACT_ALLOW, "ugetrlimit", 0, NULL);
}

static int
add_ioctls(scmp_filter_ctx f)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		const struct scmp_arg_cmp one = SCMP_A1(SCMP_CMP_EQ, ioctls[i], 0);

		failed |= add(f, SCMP_ACT_ALLOW, "ioctl", 1, &one);
	}
	for (size_t i = 0; i < sizeof(ioctl_kinds) / sizeof(ioctl_kinds[0]); i++) {
		const struct scmp_arg_cmp kind =
		    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, ioctl_kinds[i]);

		failed |= add(f, SCMP_ACT_ALLOW, "ioctl", 1, &kind);
	}
	return failed;
}

/*
 * Local sockets and datagrams for syslog and the service manager, netlink to ask about
 * interfaces; packet sockets by the helper.  Others fail as if the kernel had none:
 * libpcap tries several when it lists interfaces.
 */
static int
add_sockets(scmp_filter_ctx f, uint32_t packet_sockets)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
	int failed = 0;

	for (int family = 0; family < AF_MAX; family++) {
		const struct scmp_arg_cmp one =
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0);
		uint32_t action = SCMP_ACT_ERRNO(EAFNOSUPPORT);

		if (family == AF_PACKET)
			action = packet_sockets;
		for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
			if (family == families[i])
				action = SCMP_ACT_ALLOW;
		failed |= add(f, action, "socket", 1, &one);
	}
	return failed;
}

static int
add_connecting(scmp_filter_ctx f)
{
	/* Libraries that look for a module get none, and do without. */
	const struct scmp_arg_cmp code =
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
	int failed = add(f, SCMP_ACT_ERRNO(EACCES), "mmap", 1, &code);

	for (size_t i = 0; i < sizeof(connecting_calls) / sizeof(connecting_calls[0]);
	     i++)
		failed |= add(f, SCMP_ACT_ALLOW, connecting_calls[i], 0, NULL);
	return failed;
}

static int
fill(scmp_filter_ctx f, uint32_t packet_sockets, bool connects)
{
	int failed = connects ? add_connecting(f) : 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		failed |= add(f, SCMP_ACT_ALLOW, calls[i], 0, NULL);
	return failed || add_memory(f) || add_threads(f) || add_ioctls(f) ||
	    add_sockets(f, packet_sockets);
}

/* What happens to a call that is not listed. */
static uint32_t
action_of(enum priv_seccomp mode, int helper)
{
	if (mode == PRIV_SECCOMP_ON)
		return SCMP_ACT_KILL_PROCESS;
	return helper >= 0 ? SCMP_ACT_NOTIFY : SCMP_ACT_LOG;
}

int
seccomp_restrict(enum priv_seccomp mode, int helper, bool connects)
{
	scmp_filter_ctx f;
	int notify, failed;

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
		log_info("straywatch: this kernel has no seccomp: "
			 "system calls are not restricted");
		return 0;
	}
	f = seccomp_init(action_of(mode, helper));
	if (f == NULL) {
		log_warnx("seccomp: no filter can be made");
		return -1;
	}
	/* Sorted as a tree: a few comparisons a call. */
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	failed =
	    fill(f, helper >= 0 ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO(EPERM), connects);
	if (!failed) {
		int error = seccomp_load(f);

		if (error != 0) {
			errno = -error;
			log_warn("seccomp");
			failed = -1;
		}
	}
	if (!failed && helper >= 0) {
		notify = seccomp_notify_fd(f);
		failed = notify < 0 || helper_give(helper, notify);
		if (notify >= 0)
			close(notify);
	}
	seccomp_release(f);
	return failed ? -1 : 0;
}
