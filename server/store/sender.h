/* SPDX-License-Identifier: ISC */
/* A number for each sending host, which does not reveal its address. */
#ifndef SERVER_STORE_SENDER_H
#define SERVER_STORE_SENDER_H

#include "common/address.h"
#include "server/store/store.h"

/* The file in the staging folder that holds the secret. */
#define SENDER_SECRET ".secret"

/*
 * Read the staging folder's secret into the store, or make one.  All servers on
 * that folder share it.  If it cannot be kept there, as on a full or read-only
 * file system, that is logged, and this process and those that it forks use one
 * of their own.  To be called before os_confine, by a process that does not
 * hold the secret's lock.
 */
void sender_learn_secret(struct store *store);

/*
 * The number of the host with that address: of an IPv4 address, or of the /64
 * of an IPv6 one (see address_same_host).  All zeros stand for a client
 * without an address.
 */
uint64_t sender_of(const struct store *store, const struct address_ip *ip);

#endif
