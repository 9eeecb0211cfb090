/* SPDX-License-Identifier: ISC */
/* One printable line for each event, to standard error or to syslog. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/*
 * The longest line, with its newline, in bytes; longer ones are cut, and end in
 * TEXT_CUT.
 */
#define LOG_LINE 1024

/*
 * Begin: name stands before each line; events above level are left out.
 * Until then only warnings and errors are shown.
 */
void log_open(const char *name, enum log_level level, int to_syslog);

/*
 * Log one event, written by one write(2) or send(2).  What TEXT_UTF8 does not
 * show becomes \xHH; names from peers are escaped as TEXT_LOG before, so that a
 * backslash in them stays unambiguous.  Nothing waits: a line that cannot be
 * written now is counted, and the next one that can be tells how many were.
 * errno is kept.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
