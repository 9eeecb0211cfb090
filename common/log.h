/* SPDX-License-Identifier: ISC */
/* Log each event as one printable line, to standard error or to syslog. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/*
 * The longest line, in bytes with its newline.  Longer lines are cut, and end
 * in TEXT_CUT.
 */
#define LOG_LINE 1024

/*
 * Set the name that begins each line, and the highest level that is logged.
 * Before this call, only warnings and errors are logged.
 */
void log_open(const char *name, enum log_level level, int to_syslog);

/*
 * Log one event with one write(2) or send(2), without blocking.  If the line
 * cannot be written now, it is lost; the next line reports how many were lost.
 * Bytes that TEXT_UTF8 does not allow become \xHH.  The caller escapes names
 * from peers with TEXT_LOG, so that their backslashes stay unambiguous.
 * Preserves errno.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
