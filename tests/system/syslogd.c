/* SPDX-License-Identifier: ISC */
/* If syslogd does not read, no process waits, and the log counts lost lines. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* A private /dev, in which "socket" is /dev/log. */
#define MOUNT                                                                  \
	"mkdir dev && mount -t tmpfs tmpfs dev && for n in null urandom; do "  \
	"touch dev/$n && mount --bind /dev/$n dev/$n || exit 1; done; "        \
	"touch dev/log && mount --bind socket dev/log && "                     \
	"mount --rbind dev /dev"

static const char *const launcher[] = {"unshare", "-m", "--propagation",
    "private", "sh", "-ec", MOUNT " && exec \"$@\"", "sh", NULL};

/* Returns nonzero if the mounts are possible; otherwise skips the test. */
static int
can_mount(void)
{
	struct run run;

	RUN(&run, "unshare", "-m", "--propagation", "private", "sh", "-ec",
	    MOUNT);
	(void)rmdir("dev");
	if (run.status != 0)
		harness_skip("syslogd", "needs root and unshare");
	return run.status == 0;
}

static int
bind_syslogd(void)
{
	const struct sockaddr_un address = {AF_UNIX, "socket"};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(io_close_on_exec(fd), 0);
	ck_assert_int_eq(io_set_blocking(fd, 0), 0);
	ck_assert_int_eq(
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Read all pending lines.  Returns how many hold the text. */
static int
count_lines(int syslogd, const char *text)
{
	char line[2048];
	ssize_t length;
	int count = 0;

	while ((length = io_read(syslogd, line, sizeof(line) - 1)) > 0) {
		line[length] = '\0';
		count += strstr(line, text) != NULL;
	}
	ck_assert_int_eq(errno, EAGAIN);
	return count;
}

/* Store files in one session; the server logs each. */
static void
put_many(unsigned port, uint32_t count)
{
	struct script *script = script_new();
	struct client peer;

	script_begin(script);
	for (uint32_t i = 1; i <= count; i++)
		script_file(script, i, "f", "x");
	script_bye(script);
	peer_start(&peer, port, script);
	for (uint32_t i = 1; i <= count; i++)
		client_expect_result(&peer, i, STATUS_STORED);
	client_expect_end(&peer);
	client_close(&peer);
}

START_TEST(files_are_stored_when_syslogd_does_not_read)
{
	/* More lines than any system queues for a syslogd. */
	const uint32_t many = 700;
	struct server server;
	io_time begun;
	int syslogd = bind_syslogd();

	if (!can_mount()) {
		close(syslogd);
		return;
	}
	server_start_by(&server, launcher,
	    (const char *const[]){"-w", "1", "-s", "-o", "fsync=no", NULL});
	begun = io_now();
	put_many(server.port, many);
	ck_assert_int_lt(io_now() - begun, HARNESS_TIMEOUT);
	ck_assert_int_lt(count_lines(syslogd, "\"f\" stored"), (int)many);
	/* count_lines has emptied the queue, so lines arrive again. */
	put_many(server.port, 1);
	ck_assert_int_eq(
	    count_lines(syslogd, " lines could not be written"), 1);
	put_many(server.port, many);
	server_stop(&server);
	ck_assert(file_size("log") == 0);
	close(syslogd);
}
END_TEST

Suite *
syslogd_suite(void)
{
	Suite *suite = suite_create("syslogd");
	TCase *tcase = harness_case("syslogd");

	tcase_add_test(tcase, files_are_stored_when_syslogd_does_not_read);
	suite_add_tcase(suite, tcase);
	return suite;
}
