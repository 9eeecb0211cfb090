/* SPDX-License-Identifier: ISC */
/* Send lines to syslogd over a socket that does not block. */
#ifndef COMMON_LOG_SYSLOG_H
#define COMMON_LOG_SYSLOG_H

/* Longest line, in bytes; longer ones are cut. */
#define LOG_SYSLOG_LINE 1024

/*
 * Connect to the socket at path, or to the system's socket if path is NULL.
 * The caller owns path and keeps it until the last line is sent.
 *
 * syslog(3) blocks while syslogd does not read.  This module sends the same
 * datagrams, in the format of RFC 3164.
 */
void log_syslog_open(const char *path);

/*
 * Send one line, preceded by name and our process ID.  If syslogd has been
 * restarted, connect again.  Returns 0, or -1 with errno: EAGAIN or ENOBUFS if
 * syslogd does not read now.
 */
int log_syslog_send(int priority, const char *name, const char *line);

#endif
