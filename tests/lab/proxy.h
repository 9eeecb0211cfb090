/* SPDX-License-Identifier: ISC */
/* A TCP proxy in a child process that makes a loopback connection a bad one. */
#ifndef TESTS_LAB_PROXY_H
#define TESTS_LAB_PROXY_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* What befalls one direction of a connection. */
enum proxy_fault {
	PROXY_NONE,
	PROXY_CUT,    /* both sides are closed after `at` bytes */
	PROXY_RESET,  /* both sides are reset after `at` bytes */
	PROXY_SILENT, /* nothing more is passed on after `at` bytes */
	PROXY_FLIP    /* the lowest bit of the byte at offset `at` is turned */
};

struct proxy_way {
	int64_t delay; /* milliseconds each byte is under way */
	uint64_t rate; /* bytes a second; 0: any */
	int split;     /* bytes are passed on one by one */
	enum proxy_fault fault;
	uint64_t at;
};

struct proxy_plan {
	/*
	 * Delay the set-up of the connection as well: nothing is under way in
	 * the first up.delay + down.delay milliseconds, and the server sees
	 * the connection up.delay later.  This is what the three segments of
	 * TCP's handshake cost: RFC 9293, section 3.5.
	 */
	int handshake;
	int faulty; /* only so many connections have faults; 0: all */
	struct proxy_way up, down; /* from the client, to the client */
};

struct proxy {
	pid_t pid;
	unsigned port; /* on 127.0.0.1 */
	/* Bytes that were passed on to the server; kept until the end. */
	const atomic_ulong *passed;
};

/* Start one in front of a port of 127.0.0.1.  Returns 0, or -1 with errno. */
int proxy_start(
    struct proxy *proxy, const struct proxy_plan *plan, unsigned target);

/* Close all its connections, now.  Returns 0, or -1 with errno. */
int proxy_cut(const struct proxy *proxy);

/* End it, and all its connections.  Returns 0, or -1 if it had failed. */
int proxy_stop(struct proxy *proxy);

#endif
