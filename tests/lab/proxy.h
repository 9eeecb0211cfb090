/* SPDX-License-Identifier: ISC */
/* A TCP proxy in a child process that spoils, slows or cuts a connection. */
#ifndef TESTS_LAB_PROXY_H
#define TESTS_LAB_PROXY_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* Faults of one direction of a connection. */
enum proxy_fault {
	PROXY_NONE,
	PROXY_CUT,    /* close both sides after `at` bytes */
	PROXY_RESET,  /* reset both sides after `at` bytes */
	PROXY_SILENT, /* pass nothing on after `at` bytes */
	PROXY_FLIP    /* flip the lowest bit of the byte at offset `at` */
};

struct proxy_way {
	int64_t delay; /* milliseconds that each byte takes */
	uint64_t rate; /* bytes a second; 0: no limit */
	int split;     /* pass bytes on one by one */
	enum proxy_fault fault;
	uint64_t at;
};

struct proxy_plan {
	/*
	 * Delay the handshake as well: the first byte of the client waits for
	 * up.delay + down.delay milliseconds, and the server sees the
	 * connection up.delay later.  The three segments of a TCP handshake
	 * take that time.  Source: RFC 9293, section 3.5.
	 */
	int handshake;
	int faulty; /* number of connections with faults; 0: all */
	struct proxy_way up, down; /* to the server, to the client */
};

struct proxy {
	pid_t pid;
	unsigned port; /* on 127.0.0.1 */
	/* Bytes passed on to the server so far; stays mapped. */
	const atomic_ulong *passed;
};

/*
 * Start a proxy in front of a port of 127.0.0.1.  Returns 0, or -1 with errno.
 */
int proxy_start(
    struct proxy *proxy, const struct proxy_plan *plan, unsigned target);

/* Close all its connections now.  Returns 0, or -1 with errno. */
int proxy_cut(const struct proxy *proxy);

/* End it and its connections.  Returns 0, or -1 if it had failed. */
int proxy_stop(struct proxy *proxy);

#endif
