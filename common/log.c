/* SPDX-License-Identifier: ISC */
/* One printable line for each event, to standard error or to syslog. */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"

/* How long a reader of standard error may keep a line waiting. */
#define LOG_PATIENCE 1000

static struct {
	const char *name;
	enum log_level shown;
	int to_syslog;
	unsigned long lost; /* lines in a row that could not be written */
} state = {NULL, LOG_LEVEL_WARN, 0, 0};

static const struct {
	int priority;
	const char *word;
} levels[] = {
    [LOG_LEVEL_ERROR] = {LOG_ERR, "error: "},
    [LOG_LEVEL_WARN] = {LOG_WARNING, "warning: "},
    [LOG_LEVEL_INFO] = {LOG_INFO, ""},
    [LOG_LEVEL_DEBUG] = {LOG_DEBUG, ""},
};

void
log_open(const char *name, enum log_level level, int to_syslog)
{
	state.name = name;
	state.shown = level;
	state.to_syslog = to_syslog;
	if (!to_syslog)
		return;
	/* The time zone is read while that is still permitted. */
	tzset();
	openlog(name, LOG_PID, LOG_DAEMON);
}

/* Write "TIME NAME[PID]: " and return its length. */
static size_t
write_head(char line[LOG_LINE])
{
	time_t now = time(NULL);
	struct tm utc;
	size_t length = 0;

	if (gmtime_r(&now, &utc) != NULL)
		length = strftime(line, LOG_LINE, "%Y-%m-%dT%H:%M:%SZ ", &utc);
	if (state.name != NULL)
		length += (size_t)snprintf(line + length, LOG_LINE - length,
		    "%.64s[%ld]: ", state.name, (long)getpid());
	return length;
}

/*
 * Append text, cut so that a newline and a NUL still fit.  A backslash stays:
 * what had to be escaped by its meaning has been.
 */
static size_t
append(char line[LOG_LINE], size_t length, const char *text)
{
	for (; *text != '\0'; text++) {
		int plain = *text >= 0x20 && *text <= 0x7e;
		size_t made = plain ? 1 : 4;

		if (length + made > LOG_LINE - 2)
			break;
		if (plain)
			line[length] = *text;
		else
			snprintf(line + length, 5, "\\x%02x",
			    (unsigned)(unsigned char)*text);
		length += made;
	}
	line[length] = '\0';
	return length;
}

/*
 * A reader that has stopped must not stop the service: it is waited for once,
 * and from then on not at all until it reads again.  A line is shorter than
 * what a pipe takes whole, so the write that follows does not block.
 */
static int
wait_for_room(void)
{
	struct pollfd stream = {STDERR_FILENO, POLLOUT, 0};
	io_time deadline = io_now() + (state.lost == 0 ? LOG_PATIENCE : 0);
	int ready;

	do {
		ready = io_poll(&stream, 1, deadline);
	} while (ready == 0 && io_now() < deadline);
	return ready > 0;
}

static int
write_line(const char *word, const char *text)
{
	char line[LOG_LINE];
	size_t length = write_head(line);

	length = append(line, length, word);
	length = append(line, length, text);
	line[length++] = '\n';
	if (!wait_for_room())
		return -1;
	return io_write(STDERR_FILENO, line, length) > 0 ? 0 : -1;
}

static void
write_stderr(enum log_level level, const char *text)
{
	char note[64];

	if (state.lost > 0) {
		snprintf(note, sizeof note, "%lu lines could not be written",
		    state.lost);
		if (write_line(levels[LOG_LEVEL_WARN].word, note) == 0)
			state.lost = 0;
	}
	if (write_line(levels[level].word, text) != 0)
		state.lost++;
}

static void
write_syslog(enum log_level level, const char *text)
{
	char line[LOG_LINE];

	append(line, append(line, 0, levels[level].word), text);
	syslog(levels[level].priority, "%s", line);
}

static void __attribute__((format(printf, 2, 0)))
write_event(enum log_level level, const char *format, va_list arguments)
{
	int saved = errno;
	char text[LOG_LINE];

	if (level > state.shown)
		return;
	/* The format is the program's own; if it fails, it is still shown. */
	if (vsnprintf(text, sizeof text, format, arguments) < 0)
		snprintf(text, sizeof text, "%s", format);
	if (state.to_syslog)
		write_syslog(level, text);
	else
		write_stderr(level, text);
	errno = saved;
}

void
log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_event(LOG_LEVEL_ERROR, format, arguments);
	va_end(arguments);
}

void
log_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_event(LOG_LEVEL_WARN, format, arguments);
	va_end(arguments);
}

void
log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_event(LOG_LEVEL_INFO, format, arguments);
	va_end(arguments);
}

void
log_debug(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_event(LOG_LEVEL_DEBUG, format, arguments);
	va_end(arguments);
}
