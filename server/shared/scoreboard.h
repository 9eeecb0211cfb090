/* SPDX-License-Identifier: ISC */
/* A table in shared memory that shows the state of each worker. */
#ifndef SERVER_SHARED_SCOREBOARD_H
#define SERVER_SHARED_SCOREBOARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"

/*
 * A worker writes to its own slot; all processes read all slots.  Members are
 * atomic words, so no reader sees half of a word.  A reader must not trust any
 * value: a compromised worker can write anything to any slot.
 */
struct scoreboard_slot {
	_Atomic uint32_t serial;     /* changes by one; odd: serving a peer */
	_Atomic uint32_t address[4]; /* of the peer, as in struct address_ip */
	_Atomic uint32_t port;
	/* The worker may wait for a staged file that another worker locked. */
	_Atomic uint32_t want_serial; /* changes by one; odd: waiting */
	_Atomic uint32_t wanted[2];   /* digest of the file's name */
	_Atomic uint32_t idle;	      /* waiting for a peer */
	_Atomic uint32_t comparing;   /* hashing a file for its peer */
};

/* Set by the master, read by all workers. */
struct scoreboard_flags {
	_Atomic uint32_t replaced; /* see store_check_place */
};

struct scoreboard {
	struct scoreboard_flags *flags;
	struct scoreboard_slot *slots;
	size_t count;
};

/* Map memory for count slots; never freed.  Returns 0, or -1 with errno. */
int scoreboard_init(struct scoreboard *board, size_t count);

/* Reset the slot of a worker that has ended. */
void scoreboard_clear(struct scoreboard *board, size_t slot);

/*
 * Show that the worker begins to serve this peer, or that it is done and idle.
 * Both also repair a slot that another process has overwritten.
 */
void scoreboard_begin(
    struct scoreboard *board, size_t slot, const struct address_ip *peer);
void scoreboard_end(struct scoreboard *board, size_t slot);

/* Show that the worker is idle, until it calls scoreboard_begin. */
void scoreboard_set_idle(struct scoreboard *board, size_t slot);

/* Nonzero if any worker is idle. */
int scoreboard_has_idle(const struct scoreboard *board);

/*
 * Ask to hash a file.  most is the limit on workers that hash, the caller
 * included.  Returns nonzero if the caller may hash; it then calls
 * scoreboard_end_compare when it is done.  If two workers ask at the same time,
 * at least one of them counts the other.
 */
int scoreboard_begin_compare(
    struct scoreboard *board, size_t slot, size_t most);
void scoreboard_end_compare(struct scoreboard *board, size_t slot);

/*
 * The number of workers that serve this host, the caller included.  If two
 * begin at the same time, at least one of them counts the other.
 */
size_t scoreboard_count_host(
    const struct scoreboard *board, const struct address_ip *peer);

/*
 * Returns nonzero with the peer if the worker serves one.  Sets connections to
 * the number of peers that the worker has served, this one included.
 */
int scoreboard_read(const struct scoreboard *board, size_t slot,
    struct address_ip *peer, uint32_t *connections);

/*
 * Show that the worker waits for the staged file of this name.  If name is
 * NULL, show that it waits for none.
 */
void scoreboard_want(struct scoreboard *board, size_t slot, const char *name);

/* Nonzero if any worker waits for the staged file of this name. */
int scoreboard_is_wanted(const struct scoreboard *board, const char *name);

#endif
