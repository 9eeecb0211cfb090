/* SPDX-License-Identifier: ISC */
/* A network below TCP that loses, delays, doubles and reorders packets. */
#ifndef TESTS_LAB_CABLE_H
#define TESTS_LAB_CABLE_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* The addresses at both ends; both belong to this host. */
#define CABLE_NEAR "10.99.0.1"
#define CABLE_HOST "10.99.0.2"

/* The longest packet, as on an Ethernet. */
#define CABLE_MTU 1500

/* Faults of packets in each direction; chances are per mille. */
struct cable_plan {
	int64_t delay; /* milliseconds that each packet takes */
	int lost, doubled, late;
	size_t longest; /* longer packets are lost without an ICMP
			   message; 0: no limit */
};

/* Packets so far. */
struct cable_count {
	atomic_ulong passed, lost, doubled, late, too_long;
};

struct cable {
	pid_t pid;
	const struct cable_count *count; /* stays mapped */
};

/*
 * Move this process and its children into a network namespace that reaches only
 * 127.0.0.1 and, through the cable, CABLE_HOST.  Returns 0, or -1 if the
 * machine lacks Linux, root, ip or /dev/net/tun.
 */
int cable_start(struct cable *cable, const struct cable_plan *plan);

/* Drop all further packets; errors fail the test. */
void cable_stop(struct cable *cable);

#endif
