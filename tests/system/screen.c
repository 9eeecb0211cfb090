/* SPDX-License-Identifier: ISC */
/* A terminal that records the output of programs. */
#define _DEFAULT_SOURCE
#include "tests/system/screen.h"
#include "tests/system/harness.h"

#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

void
screen_resize(struct screen *screen, unsigned columns)
{
	struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};

	ck_assert_int_eq(ioctl(screen->master, TIOCSWINSZ, &size), 0);
}

void
screen_open(struct screen *screen, unsigned columns)
{
	memset(screen, 0, sizeof(*screen));
	screen->master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(screen->master, 0);
	ck_assert_int_eq(io_close_on_exec(screen->master), 0);
	ck_assert_int_eq(grantpt(screen->master), 0);
	ck_assert_int_eq(unlockpt(screen->master), 0);
	screen->terminal =
	    open(ptsname(screen->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(screen->terminal, 0);
	ck_assert_int_eq(io_set_blocking(screen->master, 0), 0);
	screen_resize(screen, columns);
}

void
screen_close(struct screen *screen)
{
	close(screen->master);
	close(screen->terminal);
}

pid_t
screen_run(struct screen *screen, const char *const argv[])
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid;

	ck_assert_int_ge(null, 0);
	pid = harness_spawn(argv, null, screen->terminal);
	close(null);
	return pid;
}

/* Read the output that is available now. */
static void
read_on(struct screen *screen)
{
	size_t room = sizeof(screen->text) - 1 - screen->length;
	ssize_t count =
	    io_read(screen->master, screen->text + screen->length, room);

	ck_assert_uint_gt(room, 0);
	if (count > 0)
		screen->length += (size_t)count;
}

static int
holds(struct screen *screen, size_t from, const char *text)
{
	read_on(screen);
	return strstr(screen->text + from, text) != NULL;
}

void
screen_expect(struct screen *screen, size_t from, const char *text)
{
	io_time until = io_now() + HARNESS_TIMEOUT;

	while (!holds(screen, from, text)) {
		ck_assert_msg(io_now() < until, "no \"%s\" in \"%s\"", text,
		    screen->text + from);
		(void)poll(NULL, 0, 5);
	}
}

static int
has_ended(struct screen *screen, pid_t pid, int *status)
{
	read_on(screen);
	return waitpid(pid, status, WNOHANG) == pid;
}

void
screen_finish(struct screen *screen, pid_t pid, int status)
{
	int ended = 0;

	eventually(has_ended(screen, pid, &ended), HARNESS_TIMEOUT);
	read_on(screen);
	ck_assert_msg(harness_status(ended) == status, "status %d: \"%s\"",
	    harness_status(ended), screen->text);
}

/* Returns the columns of one line in a UTF-8 locale. */
static int
columns_of(const char *text, size_t length)
{
	wchar_t wide[512];
	char line[2048];
	size_t count;

	ck_assert_uint_lt(length, sizeof(line));
	memcpy(line, text, length);
	line[length] = '\0';
	count = mbstowcs(wide, line, sizeof(wide) / sizeof(wide[0]));
	ck_assert_msg(count != (size_t)-1, "torn: \"%s\"", line);
	return wcswidth(wide, count);
}

int
screen_check(const struct screen *screen, size_t from, unsigned columns)
{
	const char *text = screen->text + from;
	int drawn = 0;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	while (*text != '\0') {
		size_t length = strcspn(text, "\r\n");
		int ended = strncmp(text + length, "\r\n", 2) == 0;

		if (length > 0 && !ended) {
			int width = columns_of(text, length);

			ck_assert_msg(width >= 0 && width < (int)columns,
			    "%d columns: \"%.*s\"", width, (int)length, text);
			drawn++;
		}
		text += length + strspn(text + length, "\r\n");
	}
	return drawn;
}
