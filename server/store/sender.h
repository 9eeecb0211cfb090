/* SPDX-License-Identifier: ISC */
/* Identify a sending host by a number that does not reveal its address. */
#ifndef SERVER_STORE_SENDER_H
#define SERVER_STORE_SENDER_H

#include "common/address.h"
#include "server/store/store.h"

/* The file in the staging directory that holds the secret. */
#define SENDER_SECRET ".secret"

/*
 * Read the store's secret from the staging directory, or create it there.  All
 * servers with that directory share it.  If it cannot be saved, as on a full or
 * read-only file system, logs a warning.  Then this process and its children
 * use a secret of their own.  Call this before os_sandbox_enter.  The process
 * must not hold the file's lock.
 */
void sender_learn_secret(struct store *store);

/*
 * Return the number of the host with this address.  The hosts of one IPv6 /64
 * count as one: see address_same_host.  A client without an address has zeros
 * here, so all such clients count as one host.
 */
uint64_t sender_of(const struct store *store, const struct address_ip *ip);

#endif
