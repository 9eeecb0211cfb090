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
 * Log one event, written by one write(2) or send(2).  Bytes that TEXT_UTF8 does
 * not show become \xHH.  The caller escapes names from peers as TEXT_LOG, so
 * that a backslash in them stays unambiguous.  It never waits: a line that
 * cannot be written now is counted, and the next one says how many were.  errno
 * is kept.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
