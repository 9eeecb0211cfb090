/* SPDX-License-Identifier: ISC */
/* Who sends: a number for a host, which does not tell its address. */
#ifndef SERVER_SENDER_H
#define SERVER_SENDER_H

#include "common/address.h"
#include "server/store.h"

/* The file in the staging folder that has the secret. */
#define SENDER_SECRET ".secret"

/*
 * Read the staging folder's secret into the store, or make one.  Every server
 * on that folder has the same one.  If it cannot be kept there (a full or
 * read-only file system), this process and those that it forks have one of
 * their own, which is logged.  To be called before os_confine, and by a
 * process that does not hold the secret's lock.
 */
void sender_learn_secret(struct store *store);

/*
 * The number of the host with that address: of an IPv4 address, or of the /64
 * of an IPv6 one (see address_same_host).  All zeros stand for a client
 * without an address.
 */
uint64_t sender_of(const struct store *store, const struct address_ip *ip);

#endif
