/* SPDX-License-Identifier: ISC */
/* A callback from long work: it keeps the client waiting, and may stop it. */
#ifndef SERVER_SHARED_KEEPALIVE_H
#define SERVER_SHARED_KEEPALIVE_H

/*
 * The session provides call.  It reports to the client that work goes on, and
 * returns nonzero if the client has gone or the process must stop.
 */
struct keepalive {
	int (*call)(void *argument);
	void *argument;
};

/*
 * Long work calls this several times a second.  Returns nonzero if the work
 * must stop.  If keepalive is NULL, does nothing and returns 0.
 */
int keepalive_call(const struct keepalive *keepalive);

#endif
