/* SPDX-License-Identifier: ISC */
/* A network of one cable below TCP, which loses, delays and mixes up packets.
 */
#ifndef TESTS_LAB_CABLE_H
#define TESTS_LAB_CABLE_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* The host at its near end, and at its far one, which is the same. */
#define CABLE_NEAR "10.99.0.1"
#define CABLE_HOST "10.99.0.2"

/* The longest packet, as on an Ethernet. */
#define CABLE_MTU 1500

/* What befalls packets, each way; chances are of a thousand. */
struct cable_plan {
	int64_t delay; /* milliseconds that each is under way */
	int lost, doubled, late;
	size_t longest; /* longer ones vanish, and nobody says so; 0: none do */
};

/* Counted while it lasts. */
struct cable_count {
	atomic_ulong passed, lost, doubled, late, too_long;
};

struct cable {
	pid_t pid;
	const struct cable_count *count; /* kept until the end */
};

/*
 * From now on this process and what it starts have a network of their own, in
 * which nothing is reached but CABLE_HOST by the cable, and 127.0.0.1.  Returns
 * 0, or -1 where that cannot be: it needs Linux, root, ip and /dev/net/tun.
 */
int cable_start(struct cable *cable, const struct cable_plan *plan);

/* Let nothing pass any more; errors fail the test. */
void cable_stop(struct cable *cable);

#endif
