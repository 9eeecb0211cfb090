/* SPDX-License-Identifier: ISC */
/* Lines to syslogd, none of which waits for it. */
#ifndef COMMON_LOG_SYSLOG_H
#define COMMON_LOG_SYSLOG_H

/*
 * syslog(3) waits while syslogd does not read.  This sends the same datagrams,
 * as RFC 3164 has them, over a socket that does not block.
 *
 * Connect to the socket at path, or to that of the system if it is NULL; path
 * stays the caller's, and is needed as long as lines are sent.
 */
void log_syslog_open(const char *path);

/*
 * Send one line, by name and process number.  If syslogd was started anew, the
 * connection is made again.  Returns 0, or -1 with errno: EAGAIN if syslogd
 * does not read now.
 */
int log_syslog_send(int priority, const char *name, const char *line);

#endif
