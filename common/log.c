/* SPDX-License-Identifier: ISC */
/* Log each event as one printable line, to standard error or to syslog. */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log_syslog.h"
#include "common/text.h"

static struct {
	const char *name;
	enum log_level shown;
	int to_syslog;
	unsigned long lost; /* lines not written and not yet reported */
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
	/* Read the time zone before the sandbox forbids it. */
	tzset();
	log_syslog_open(NULL);
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
 * Write the first character of text into shown, escaped if necessary.  Set
 * *taken to its length in text.  Returns its length in shown, at most 4.  A
 * backslash stays, because the caller has escaped names.
 */
static size_t
show(char shown[5], const char *text, size_t *taken)
{
	size_t length = strlen(text);

	*taken = *text == '\\' ? 1 : text_plain(text, length, TEXT_UTF8);
	if (*taken > 0) {
		memcpy(shown, text, *taken);
		return *taken;
	}
	*taken = 1;
	return (size_t)snprintf(
	    shown, 5, "\\x%02x", (unsigned)(unsigned char)*text);
}

/* Append text; if it is too long, cut it.  Leaves space for "\n". */
static size_t
append(char line[LOG_LINE], size_t length, const char *text)
{
	const size_t most = LOG_LINE - 2, mark = strlen(TEXT_CUT);
	size_t made, taken, fits = length;
	char shown[5];

	for (; *text != '\0'; text += taken) {
		made = show(shown, text, &taken);
		if (length + made > most) {
			length = fits;
			memcpy(line + length, TEXT_CUT, mark);
			length += mark;
			break;
		}
		memcpy(line + length, shown, made);
		length += made;
		if (length + mark <= most)
			fits = length;
	}
	line[length] = '\0';
	return length;
}

/*
 * A reader that stops reading must not block the service.  A line is shorter
 * than PIPE_BUF, so the write does not block after poll(2) reported space.
 */
static int
write_stderr(const char *word, const char *text)
{
	struct pollfd stream = {STDERR_FILENO, POLLOUT, 0};
	char line[LOG_LINE];
	size_t length = write_head(line);

	length = append(line, length, word);
	length = append(line, length, text);
	line[length++] = '\n';
	if (io_poll(&stream, 1, 0) <= 0)
		return -1;
	return io_write(STDERR_FILENO, line, length) > 0 ? 0 : -1;
}

static int
write_syslog(enum log_level level, const char *text)
{
	char line[LOG_LINE];

	append(line, append(line, 0, levels[level].word), text);
	return log_syslog_send(levels[level].priority, state.name, line);
}

/* Returns 0, or -1 if the line cannot be written now. */
static int
write_line(enum log_level level, const char *text)
{
	return state.to_syslog ? write_syslog(level, text)
			       : write_stderr(levels[level].word, text);
}

static void
write_or_count(enum log_level level, const char *text)
{
	char note[64];

	if (state.lost > 0) {
		snprintf(note, sizeof note, "%lu lines could not be written",
		    state.lost);
		if (write_line(LOG_LEVEL_WARN, note) == 0)
			state.lost = 0;
	}
	if (write_line(level, text) != 0)
		state.lost++;
}

static void __attribute__((format(printf, 2, 0)))
write_event(enum log_level level, const char *format, va_list arguments)
{
	int saved = errno;
	char text[2 * LOG_LINE];

	if (level > state.shown)
		return;
	/* If formatting fails, log the format. */
	if (vsnprintf(text, sizeof text, format, arguments) < 0)
		snprintf(text, sizeof text, "%s", format);
	write_or_count(level, text);
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
