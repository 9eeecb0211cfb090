/* SPDX-License-Identifier: ISC */
/* What each worker does, in memory that the master and all workers share. */
#ifndef SERVER_SHARED_SCOREBOARD_H
#define SERVER_SHARED_SCOREBOARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"

/*
 * A worker writes its own slot; all processes read all slots.  Each member is
 * one atomic word, so no reader sees half of a value.  A reader must not trust
 * any value: a compromised worker can write anything to any slot.
 */
struct scoreboard_slot {
	_Atomic uint32_t serial;     /* changes by one; odd: serving a peer */
	_Atomic uint32_t address[4]; /* of the peer, as in struct address_ip */
	_Atomic uint32_t port;
	/* The staged file that it waits for while another worker has it. */
	_Atomic uint32_t want_serial; /* changes by one; odd: waiting */
	_Atomic uint32_t wanted[2];   /* digest of the file's name */
	_Atomic uint32_t idle;	      /* waiting for a peer */
	_Atomic uint32_t comparing;   /* hashing a file for its peer */
};

/* From the master to all workers. */
struct scoreboard_flags {
	_Atomic uint32_t replaced; /* see store_check_place */
};

struct scoreboard {
	struct scoreboard_flags *flags;
	struct scoreboard_slot *slots;
	size_t count;
};

/* The memory is never freed.  Returns 0, or -1 with errno. */
int scoreboard_init(struct scoreboard *board, size_t count);

/* Reset a slot after its worker has ended. */
void scoreboard_clear(struct scoreboard *board, size_t slot);

/*
 * The worker begins to serve this peer; or ends, and is idle.  Both also repair
 * a slot that another process has overwritten.
 */
void scoreboard_begin(
    struct scoreboard *board, size_t slot, const struct address_ip *peer);
void scoreboard_end(struct scoreboard *board, size_t slot);

/* The worker is idle until scoreboard_begin. */
void scoreboard_set_idle(struct scoreboard *board, size_t slot);

/* Nonzero if any worker is idle. */
int scoreboard_has_idle(const struct scoreboard *board);

/*
 * Ask to hash a file.  Returns nonzero if fewer than most workers do so; then
 * the caller calls scoreboard_end_compare afterwards.  If two workers begin at
 * the same time, at least one of them sees the other.
 */
int scoreboard_begin_compare(
    struct scoreboard *board, size_t slot, size_t most);
void scoreboard_end_compare(struct scoreboard *board, size_t slot);

/*
 * The number of workers that serve this host.  If two begin at the same time,
 * at least one of them counts the other.
 */
size_t scoreboard_count_host(
    const struct scoreboard *board, const struct address_ip *peer);

/*
 * Returns nonzero with the peer if the worker serves one.  Sets connections to
 * the number of connections that the worker has served, this one included.
 */
int scoreboard_read(const struct scoreboard *board, size_t slot,
    struct address_ip *peer, uint32_t *connections);

/* The worker waits for the staged file of this name; NULL: for none. */
void scoreboard_want(struct scoreboard *board, size_t slot, const char *name);

/* Nonzero if any worker waits for the staged file of this name. */
int scoreboard_is_wanted(const struct scoreboard *board, const char *name);

#endif
