/* SPDX-License-Identifier: ISC */
/* Send lines to syslogd without ever waiting for it. */
#ifndef COMMON_LOG_SYSLOG_H
#define COMMON_LOG_SYSLOG_H

/*
 * syslog(3) waits while syslogd does not read.  This sends the same datagrams,
 * in the format of RFC 3164, over a socket that does not block.
 *
 * Connect to the socket at path, or to that of the system if path is NULL.  The
 * caller owns path, and keeps it as long as lines are sent.
 */
void log_syslog_open(const char *path);

/*
 * Send one line, with name and our process number in front.  If syslogd was
 * restarted, connect again.  Returns 0, or -1 with errno: EAGAIN if syslogd
 * does not read now.
 */
int log_syslog_send(int priority, const char *name, const char *line);

#endif
