/*
 * priv: what a process may still do after priv_drop, tried out in a process of its
 * own and looked at from outside through /proc.  What needs root is left out without.
 */

#include "config.h"

#include "guard.h"

#include "base/log.h"
#include "priv/priv_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char folder[] = "/tmp/check-priv-XXXXXX";
static char inside[64], outside[64], readable[64];

static bool
is_root(void)
{
	return geteuid() == 0;
}

/* ---- calls; each gives 0 or an errno ---- */

static int
result(long returned)
{
	return returned < 0 ? errno : 0;
}

static int
do_fork(void)
{
	return result(fork());
}

static int
do_exec(void)
{
	return result(execl("/bin/true", "true", (char *)NULL));
}

static int
do_ptrace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
do_mount(void)
{
	return result(syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL));
}

static int
do_kill(void)
{
	return result(kill(getppid(), SIGUSR1));
}

static int
do_setuid(void)
{
	return result(setuid(0));
}

static int
do_chmod(void)
{
	return result(chmod(inside, 0777));
}

static int
do_code(void)
{
	void *p =
	    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int
do_protect(void)
{
	void *p = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
do_type(void)
{
	return result(ioctl(STDERR_FILENO, 0x5412 /* TIOCSTI */, "x"));
}

static int
do_uring(void)
{
	return result(syscall(425 /* io_uring_setup */, 1, NULL));
}

static int
do_bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int
do_raw_socket(void)
{
	return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int
do_bluetooth_socket(void)
{
	return result(socket(AF_BLUETOOTH, SOCK_RAW, 1));
}

static int
do_packet_socket(void)
{
	return result(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(3)));
}

static int
do_many_packet_sockets(void)
{
	for (int i = 0; i < 100; i++) {
		int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

		if (fd < 0)
			return errno;
		if (fcntl(fd, F_GETFD) & FD_CLOEXEC)
			return EBADF;
		close(fd);
	}
	return 0;
}

static int
do_stream_packet_socket(void)
{
	return result(socket(AF_PACKET, SOCK_STREAM, 0));
}

static int
do_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int
do_shutdown(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? errno : result(shutdown(fd, SHUT_RDWR));
}

static int
do_write_inside(void)
{
	char other[80];
	int fd = open(inside, O_WRONLY | O_CREAT | O_APPEND, 0640);

	snprintf(other, sizeof(other), "%s.1", inside);
	if (fd < 0 || write(fd, "x\n", 2) != 2 || ftruncate(fd, 0) < 0 ||
	    rename(inside, other) < 0)
		return errno;
	return result(unlink(other));
}

static int
do_write_outside(void)
{
	return result(open(outside, O_WRONLY | O_CREAT, 0640));
}

static int
do_read_inside(void)
{
	return result(open(readable, O_RDONLY));
}

static int
do_write_readable(void)
{
	return result(open(readable, O_WRONLY));
}

static int
do_read_outside(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static void *
thread(void *arg)
{
	return arg;
}

static int
do_thread(void)
{
	pthread_t t;
	int error = pthread_create(&t, NULL, thread, NULL);

	return error ? error : pthread_join(t, NULL);
}

static int
do_memory(void)
{
	char *p = malloc(100 << 20);

	memset(p, 1, 100 << 20);
	p = realloc(p, 200 << 20);
	free(p);
	return 0;
}

/* ---- what is expected of them ---- */

enum { KILLED = -1 };

static const struct row {
	const char *name;
	int (*call)(void);
	int on, log; /* KILLED, an errno, or 0; with run.seccomp on and log */
	bool root;   /* only where the test runs as root */
} rows[] = {
	{ "fork", do_fork, KILLED, 0, false },
	{ "exec", do_exec, KILLED, EACCES, false },
	{ "ptrace", do_ptrace, KILLED, 0, false },
	{ "mount", do_mount, KILLED, EPERM, true },
	{ "kill", do_kill, KILLED, EPERM, false },
	{ "setuid", do_setuid, KILLED, EPERM, true },
	{ "chmod", do_chmod, KILLED, ENOENT, false },
	{ "executable memory", do_code, KILLED, 0, false },
	{ "memory made executable", do_protect, KILLED, 0, false },
	{ "terminal input", do_type, KILLED, ENOTTY, false },
	{ "io_uring", do_uring, KILLED, EFAULT, false },
	{ "bpf", do_bpf, KILLED, EINVAL, true },
	{ "raw socket", do_raw_socket, EPERM, EPERM, true },
	{ "bluetooth socket", do_bluetooth_socket, EAFNOSUPPORT, EAFNOSUPPORT, false },
	{ "packet socket", do_packet_socket, 0, 0, true },
	{ "many packet sockets", do_many_packet_sockets, 0, 0, true },
	{ "stream packet socket", do_stream_packet_socket, EPERM, EPERM, true },
	{ "TCP connection", do_connect, EACCES, EACCES, false },
	{ "write an output", do_write_inside, 0, 0, false },
	{ "write elsewhere", do_write_outside, EACCES, EACCES, false },
	{ "read a rule", do_read_inside, 0, 0, false },
	{ "write a rule", do_write_readable, EACCES, EACCES, false },
	{ "read elsewhere", do_read_outside, EACCES, EACCES, false },
	{ "thread", do_thread, 0, 0, false },
	{ "memory", do_memory, 0, 0, false },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

/* Of a program that connects: a connection comes as far as nobody listening. */
static const struct row connecting_rows[] = {
	{ "TCP connection", do_connect, ECONNREFUSED, 0, false },
	{ "shutdown", do_shutdown, ENOTCONN, 0, false },
	{ "executable memory", do_code, EACCES, 0, false },
	{ "memory made executable", do_protect, KILLED, 0, false },
	{ "fork", do_fork, KILLED, 0, false },
	{ "raw socket", do_raw_socket, EPERM, 0, true },
	{ "write elsewhere", do_write_outside, EACCES, 0, false },
	{ "read elsewhere", do_read_outside, EACCES, 0, false },
};

enum { NCONNECTING = sizeof(connecting_rows) / sizeof(connecting_rows[0]) };

static bool
has_landlock(void)
{
	return syscall(444, NULL, 0, 1) >= 4;
}

/* Rows that only Landlock refuses hold nothing where the kernel has none. */
static bool
needs_landlock(const struct row *r)
{
	return r->call == do_connect || r->call == do_write_outside ||
	    r->call == do_write_readable || r->call == do_read_outside ||
	    r->call == do_exec || r->call == do_kill;
}

static void
drop(enum priv_seccomp mode, bool helper, bool connects)
{
	const char *writable[] = { inside }, *may_read[] = { readable };
	struct priv_options o = { .seccomp = mode,
		.connects = connects,
		.writable = writable,
		.nwritable = 1,
		.readable = may_read,
		.nreadable = 1 };
	struct priv p;

	if (priv_begin(&p, is_root() ? "nobody" : "", "", helper) < 0 ||
	    priv_drop(&p, &o) < 0)
		_exit(200);
}

/* The status of a process that drops privileges and makes one call. */
static int
try(const struct row *r, enum priv_seccomp mode, bool connects)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		drop(mode, true, connects);
		_exit(r->call());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
expect(const struct row *r, int status, int wanted)
{
	if (wanted == KILLED)
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
		    "%s: status %#x, should have been killed", r->name, status);
	else
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == wanted,
		    "%s: status %#x, errno %d was expected", r->name, status, wanted);
}

START_TEST(only_what_a_sensor_needs_is_left)
{
	const struct row *r = &rows[_i];

	if (priv_is_watched() || (r->root && !is_root()) ||
	    (needs_landlock(r) && !has_landlock()))
		return;
	expect(r, try(r, PRIV_SECCOMP_ON, false), r->on);
}
END_TEST

START_TEST(who_connects_gets_little_more)
{
	const struct row *r = &connecting_rows[_i];

	if (priv_is_watched() || (r->root && !is_root()) ||
	    (needs_landlock(r) && r->call != do_connect && !has_landlock()))
		return;
	expect(r, try(r, PRIV_SECCOMP_ON, true), r->on);
}
END_TEST

START_TEST(log_mode_lets_calls_go_on)
{
	const struct row *r = &rows[_i];

	if (priv_is_watched() || (r->root && !is_root()) ||
	    (needs_landlock(r) && !has_landlock()))
		return;
	expect(r, try(r, PRIV_SECCOMP_LOG, false), r->log);
}
END_TEST

START_TEST(log_mode_names_the_call)
{
	char path[] = "/tmp/check-priv-log-XXXXXX", text[4096] = "";
	int fd = mkstemp(path), status;
	pid_t pid;

	ck_assert_int_ge(fd, 0);
	pid = priv_is_watched() ? -1 : fork();
	if (pid == 0) {
		dup2(fd, STDERR_FILENO);
		drop(PRIV_SECCOMP_LOG, true, false);
		for (int i = 0; i < 3; i++)
			do_chmod();
		_exit(0);
	}
	if (pid > 0) {
		const char *first;

		waitpid(pid, &status, 0);
		ck_assert_int_gt(pread(fd, text, sizeof(text) - 1, 0), 0);
		first = strstr(text, "system call chmod (");
		ck_assert_ptr_nonnull(first);
		ck_assert_ptr_null(
		    strstr(first + strlen("system call chmod"), "chmod"));
	}
	close(fd);
	unlink(path);
}
END_TEST

/* A value of /proc/PID/task/TID/status, by its name. */
static const char *
field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	ck_assert_ptr_nonnull(at);
	return at + strlen(name);
}

static void
look_at(const char *text, uint64_t caps)
{
	static const char *const sets[] = {
		"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"
	};

	for (size_t i = 0; i < 5; i++) {
		uint64_t set = strtoull(field(text, sets[i]), NULL, 16);
		bool held = i == 1 || i == 2;

		if (is_root() || i != 3)
			ck_assert_msg(set == (held ? caps : 0), "%s %llx", sets[i],
			    (unsigned long long)set);
	}
	ck_assert_int_eq(atoi(field(text, "NoNewPrivs:")), 1);
	if (!priv_is_watched())
		ck_assert_int_eq(atoi(field(text, "Seccomp:")), 2);
	if (is_root()) {
		ck_assert_int_ne(atoi(field(text, "Uid:")), 0);
		ck_assert_int_ne(atoi(field(text, "Gid:")), 0);
		ck_assert_msg(*field(text, "Groups:\t") <= ' ', "groups are left");
	}
}

static void
read_status(pid_t pid, pid_t thread_id, char text[4096])
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(
	    path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)thread_id);
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	n = read(fd, text, 4095);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	close(fd);
}

static void *
sleeper(void *arg)
{
	int to = *(int *)arg, id = (int)syscall(SYS_gettid);

	if (write(to, &id, sizeof(id)) != sizeof(id))
		_exit(1);
	pause();
	return NULL;
}

/* Every thread, from outside; and the helper, which is the only child. */
START_TEST(proc_shows_nothing_left)
{
	char text[4096], path[64];
	int ids[2], thread_id, helper = 0, status;
	pid_t pid;
	FILE *f;

	ck_assert_int_eq(pipe(ids), 0);
	pid = fork();
	if (pid == 0) {
		pthread_t t;

		drop(PRIV_SECCOMP_ON, is_root(), false);
		pthread_create(&t, NULL, sleeper, &ids[1]);
		for (;;)
			poll(NULL, 0, 1000);
	}
	ck_assert_int_eq(read(ids[0], &thread_id, sizeof(int)), sizeof(int));
	read_status(pid, pid, text);
	look_at(text, 0);
	read_status(pid, thread_id, text);
	look_at(text, 0);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	if (f != NULL && is_root()) {
		ck_assert_int_eq(fscanf(f, "%d", &helper), 1);
		read_status(helper, helper, text);
		look_at(text, 1ULL << 13 /* CAP_NET_RAW */);
	}
	if (f != NULL)
		fclose(f);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	/* The helper does not outlive the sensor. */
	for (int i = 0; helper > 0 && kill(helper, 0) == 0 && i < 100; i++)
		usleep(20000);
	ck_assert(helper == 0 || kill(helper, 0) < 0);
}
END_TEST

START_TEST(users_are_found)
{
	struct priv p;

	if (!is_root())
		return;
	ck_assert_int_eq(priv_begin(&p, "nobody", "", false), 0);
	ck_assert_uint_eq(p.uid, 65534);
	ck_assert_int_eq(p.helper, -1);
	ck_assert_int_eq(priv_begin(&p, "nobody", "daemon", false), 0);
	ck_assert_uint_eq(p.gid, 1);
	ck_assert_int_eq(priv_begin(&p, "4242", "4243", false), 0);
	ck_assert_uint_eq(p.uid, 4242);
	ck_assert_uint_eq(p.gid, 4243);
	ck_assert_int_lt(priv_begin(&p, "4242", "", false), 0);
	ck_assert_int_lt(priv_begin(&p, "no-such-user", "", false), 0);
	ck_assert_int_lt(priv_begin(&p, "nobody", "no-such-group", false), 0);
	ck_assert_int_lt(priv_begin(&p, "-1", "", false), 0);
}
END_TEST

START_TEST(threads_must_not_run_yet)
{
	struct priv_options o = { .seccomp = PRIV_SECCOMP_ON };
	int ids[2], id;
	struct priv p;
	pthread_t t;

	priv_init(&p);
	ck_assert_int_eq(pipe(ids), 0);
	pthread_create(&t, NULL, sleeper, &ids[1]);
	ck_assert_int_eq(read(ids[0], &id, sizeof(int)), sizeof(int));
	ck_assert_int_lt(priv_drop(&p, &o), 0);
}
END_TEST

static Suite *
priv_suite(void)
{
	Suite *s = suite_create("priv");
	TCase *t = tcase_create("drop");

	tcase_add_loop_test(t, only_what_a_sensor_needs_is_left, 0, NROWS);
	tcase_add_loop_test(t, who_connects_gets_little_more, 0, NCONNECTING);
	tcase_add_loop_test(t, log_mode_lets_calls_go_on, 0, NROWS);
	tcase_add_test(t, log_mode_names_the_call);
	tcase_add_test(t, proc_shows_nothing_left);
	tcase_add_test(t, users_are_found);
	tcase_add_test(t, threads_must_not_run_yet);
	suite_add_tcase(s, t);
	return s;
}

static void
make_folder(void)
{
	int fd;

	if (mkdtemp(folder) == NULL)
		exit(99);
	snprintf(inside, sizeof(inside), "%s/out/alerts.json", folder);
	snprintf(outside, sizeof(outside), "%s/other.json", folder);
	snprintf(readable, sizeof(readable), "%s/rules.yaml", folder);
	inside[strlen(inside) - strlen("/alerts.json")] = '\0';
	/* Only Landlock stands between this user and the files outside. */
	if (chmod(folder, 0777) < 0 || mkdir(inside, 0777) < 0 ||
	    chmod(inside, 0777) < 0)
		exit(99);
	inside[strlen(inside)] = '/';
	fd = open(readable, O_WRONLY | O_CREAT, 0666);
	if (fd < 0 || fchmod(fd, 0666) < 0)
		exit(99);
	close(fd);
}

int
main(void)
{
	char command[96];
	int failed;
	SRunner *r;

	log_init("check_priv", LOG_QUIET);
	make_folder();
	r = srunner_create(priv_suite());
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		failed++;
	return failed != 0;
}
