/* SPDX-License-Identifier: ISC */
/* Send lines to syslogd over a socket that does not block. */
#include "common/log_syslog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"

#ifndef _PATH_LOG
#define _PATH_LOG "/dev/log"
#endif

/* Space for the priority, time, name and process ID before the line. */
#define HEAD 160

static struct {
	const char *path;
	int fd;
} state = {_PATH_LOG, -1};

static void
disconnect(void)
{
	if (state.fd != -1)
		close(state.fd);
	state.fd = -1;
}

static int
prepare(int fd, const struct sockaddr_un *address)
{
	if (io_close_on_exec(fd) == -1 || io_set_blocking(fd, 0) == -1)
		return -1;
	return connect(fd, (const struct sockaddr *)address, sizeof(*address));
}

/* Returns 0, or -1 with errno. */
static int
reconnect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int error;

	disconnect();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", state.path);
	state.fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (state.fd != -1 && prepare(state.fd, &address) == 0)
		return 0;
	error = errno;
	disconnect();
	errno = error;
	return -1;
}

void
log_syslog_open(const char *path)
{
	state.path = path != NULL ? path : _PATH_LOG;
	/* If syslogd does not run yet, log_syslog_send tries again. */
	(void)reconnect();
}

/* Returns 0, or -1 with errno. */
static int
send_datagram(const char *bytes, size_t length)
{
	ssize_t sent;

	if (state.fd == -1) {
		errno = ENOTCONN;
		return -1;
	}
	do
		sent = send(state.fd, bytes, length, MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	return sent == -1 ? -1 : 0;
}

/* syslogd expects local time. */
static size_t
write_head(char head[HEAD], int priority, const char *name)
{
	time_t now = time(NULL);
	char date[32] = "";
	struct tm here;

	if (localtime_r(&now, &here) != NULL)
		(void)strftime(date, sizeof(date), "%b %e %H:%M:%S ", &here);
	return (size_t)snprintf(head, HEAD,
	    "<%d>%s%.64s[%ld]: ", LOG_DAEMON | priority, date, name,
	    (long)getpid());
}

int
log_syslog_send(int priority, const char *name, const char *line)
{
	char datagram[HEAD + LOG_SYSLOG_LINE];
	size_t length = write_head(datagram, priority, name);

	length += (size_t)snprintf(
	    datagram + length, sizeof(datagram) - length, "%s", line);
	if (length >= sizeof(datagram))
		length = sizeof(datagram) - 1;
	if (send_datagram(datagram, length) == 0)
		return 0;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
		return -1;
	return reconnect() == 0 ? send_datagram(datagram, length) : -1;
}
