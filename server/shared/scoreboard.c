/* SPDX-License-Identifier: ISC */
/* A table in shared memory that shows the state of each worker. */
#include "server/shared/scoreboard.h"

#include <string.h>

#include "common/digest.h"
#include "common/os.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2,
    "processes share atomic words, which must be lock-free");

/* The most attempts to read a slot while its worker changes it. */
#define READ_TRIES 8

int
scoreboard_init(struct scoreboard *board, size_t count)
{
	board->count = 0;
	board->flags = os_shared_memory(sizeof(*board->flags));
	board->slots = os_shared_memory(count * sizeof(*board->slots));
	if (board->flags == NULL || board->slots == NULL)
		return -1;
	board->count = count;
	return 0;
}

void
scoreboard_clear(struct scoreboard *board, size_t slot)
{
	atomic_store(&board->slots[slot].serial, 0);
	atomic_store(&board->slots[slot].want_serial, 0);
	atomic_store(&board->slots[slot].idle, 0);
	atomic_store(&board->slots[slot].comparing, 0);
}

void
scoreboard_begin(
    struct scoreboard *board, size_t slot, const struct address_ip *peer)
{
	struct scoreboard_slot *own = &board->slots[slot];
	uint32_t words[4];

	atomic_store(&own->idle, 0);
	atomic_store(&own->comparing, 0);
	memcpy(words, peer->bytes, sizeof(words));
	for (int i = 0; i < 4; i++)
		atomic_store(&own->address[i], words[i]);
	atomic_store(&own->port, peer->port);
	/* Make it odd, whatever it was; scoreboard_end makes it even. */
	atomic_store(&own->serial, (atomic_load(&own->serial) + 1) | 1);
	/*
	 * Write the slot before counting others.  If two workers begin at the
	 * same time, at least one of them then counts the other.
	 */
	atomic_thread_fence(memory_order_seq_cst);
}

void
scoreboard_end(struct scoreboard *board, size_t slot)
{
	struct scoreboard_slot *own = &board->slots[slot];

	atomic_store(
	    &own->serial, (atomic_load(&own->serial) + 1) & ~UINT32_C(1));
	scoreboard_set_idle(board, slot);
}

void
scoreboard_set_idle(struct scoreboard *board, size_t slot)
{
	atomic_store(&board->slots[slot].idle, 1);
}

int
scoreboard_begin_compare(struct scoreboard *board, size_t slot, size_t most)
{
	size_t count = 0;

	atomic_store(&board->slots[slot].comparing, 1);
	for (size_t i = 0; i < board->count; i++)
		count += atomic_load(&board->slots[i].comparing) == 1;
	if (count > most)
		scoreboard_end_compare(board, slot);
	return count <= most;
}

void
scoreboard_end_compare(struct scoreboard *board, size_t slot)
{
	atomic_store(&board->slots[slot].comparing, 0);
}

int
scoreboard_has_idle(const struct scoreboard *board)
{
	for (size_t i = 0; i < board->count; i++)
		if (atomic_load(&board->slots[i].idle) == 1)
			return 1;
	return 0;
}

int
scoreboard_read(const struct scoreboard *board, size_t slot,
    struct address_ip *peer, uint32_t *connections)
{
	struct scoreboard_slot *shown = &board->slots[slot];
	uint32_t serial, words[4];

	for (int tries = 0; tries < READ_TRIES; tries++) {
		serial = atomic_load(&shown->serial);
		*connections = serial / 2 + serial % 2;
		if (serial % 2 == 0)
			return 0;
		for (int i = 0; i < 4; i++)
			words[i] = atomic_load(&shown->address[i]);
		memcpy(peer->bytes, words, sizeof(words));
		peer->port = atomic_load(&shown->port) & UINT16_MAX;
		if (atomic_load(&shown->serial) == serial)
			return 1;
	}
	return 0;
}

size_t
scoreboard_count_host(
    const struct scoreboard *board, const struct address_ip *peer)
{
	struct address_ip other;
	uint32_t connections;
	size_t same = 0;

	for (size_t i = 0; i < board->count; i++)
		if (scoreboard_read(board, i, &other, &connections) &&
		    address_same_host(&other, peer))
			same++;
	return same;
}

static uint64_t
digest_name(const char *name)
{
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, name, strlen(name));
	return digest_value(&digest);
}

void
scoreboard_want(struct scoreboard *board, size_t slot, const char *name)
{
	struct scoreboard_slot *own = &board->slots[slot];
	uint32_t serial = atomic_load(&own->want_serial);
	uint64_t wanted;

	/* Keep it even while wanted changes. */
	atomic_store(&own->want_serial, (serial + 1) & ~UINT32_C(1));
	if (name == NULL)
		return;
	wanted = digest_name(name);
	atomic_store(&own->wanted[0], (uint32_t)(wanted >> 32));
	atomic_store(&own->wanted[1], (uint32_t)wanted);
	atomic_store(&own->want_serial, (serial + 1) | 1);
}

/* Nonzero if this worker waits for the file whose name has this digest. */
static int
wants(struct scoreboard_slot *shown, uint64_t name)
{
	uint32_t serial = atomic_load(&shown->want_serial);

	return serial % 2 == 1 &&
	    atomic_load(&shown->wanted[0]) == (uint32_t)(name >> 32) &&
	    atomic_load(&shown->wanted[1]) == (uint32_t)name &&
	    atomic_load(&shown->want_serial) == serial;
}

int
scoreboard_is_wanted(const struct scoreboard *board, const char *name)
{
	uint64_t digest = digest_name(name);

	for (size_t i = 0; i < board->count; i++)
		if (wants(&board->slots[i], digest))
			return 1;
	return 0;
}
