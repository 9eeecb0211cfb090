/* SPDX-License-Identifier: ISC */
/* What each worker is doing, in memory that master and workers share. */
#ifndef SERVER_SHARED_SCOREBOARD_H
#define SERVER_SHARED_SCOREBOARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"

/*
 * A worker writes its own slot, everybody reads all.  Only words are shared,
 * so that no value is ever half of one and half of another; whoever reads
 * still takes each as something that any worker may have put there.
 */
struct scoreboard_slot {
	_Atomic uint32_t serial;     /* odd: serving; one up at each change */
	_Atomic uint32_t address[4]; /* of the peer, as in struct address_ip */
	_Atomic uint32_t port;
	/* The staged file that it waits for, while another worker holds it. */
	_Atomic uint32_t want_serial; /* odd: it waits; one up at each change */
	_Atomic uint32_t wanted[2];   /* digest of the staging name */
	_Atomic uint32_t idle;	      /* the worker waits for a peer */
	_Atomic uint32_t comparing;   /* it hashes a file for its peer */
};

/* What the master tells all workers. */
struct scoreboard_words {
	_Atomic uint32_t replaced; /* see store_check_place */
};

struct scoreboard {
	struct scoreboard_words *words;
	struct scoreboard_slot *slots;
	size_t count;
};

/* Returns 0, or -1 with errno.  It lasts as long as the processes. */
int scoreboard_init(struct scoreboard *board, size_t count);

/* Begin a slot anew, once its worker is gone. */
void scoreboard_clear(struct scoreboard *board, size_t slot);

/*
 * This slot's worker begins to serve that peer, or ends and waits for the next.
 * Both also mend a slot that another process has written to.
 */
void scoreboard_begin(
    struct scoreboard *board, size_t slot, const struct address_ip *peer);
void scoreboard_end(struct scoreboard *board, size_t slot);

/* This slot's worker waits for a peer until it begins. */
void scoreboard_wait(struct scoreboard *board, size_t slot);

/* Nonzero if any worker waits for a peer. */
int scoreboard_has_idle(const struct scoreboard *board);

/*
 * This slot's worker wants to hash a file.  Returns nonzero if it may, because
 * fewer than most workers do so; then the caller calls scoreboard_compared when
 * it has finished.  If two begin at the same time, at least one sees the other.
 */
int scoreboard_compare(struct scoreboard *board, size_t slot, size_t most);
void scoreboard_compared(struct scoreboard *board, size_t slot);

/*
 * How many slots serve the same host, one's own included.  Of two that begin
 * at the same time at least one sees the other.
 */
size_t scoreboard_count_host(
    const struct scoreboard *board, const struct address_ip *peer);

/*
 * Returns nonzero if the slot serves a peer, which is then filled in;
 * connections is the number that it has had, as its worker says.
 */
int scoreboard_read(const struct scoreboard *board, size_t slot,
    struct address_ip *peer, uint32_t *connections);

/*
 * Say that this slot's worker waits for the staged file of that name, or, with
 * NULL, that it no longer waits.
 */
void scoreboard_want(struct scoreboard *board, size_t slot, const char *name);

/* Nonzero if any slot waits for the staged file of that name. */
int scoreboard_is_wanted(const struct scoreboard *board, const char *name);

#endif
