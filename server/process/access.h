/* SPDX-License-Identifier: ISC */
/* The allow and deny rules: which numeric addresses may connect. */
#ifndef SERVER_PROCESS_ACCESS_H
#define SERVER_PROCESS_ACCESS_H

#include <stddef.h>

#include "common/address.h"
#include "common/settings.h"

struct access_rules {
	struct address_rule *rules; /* owned */
	size_t count;
};

struct access {
	struct access_rules allow, deny;
};

/*
 * Parse the rules.  Returns 0, or -1 with error.  After a failure access is
 * empty and needs no release.
 */
int access_init(struct access *access, const struct setting_list *allow,
    const struct setting_list *deny, char error[SETTINGS_ERROR]);
void access_release(struct access *access);

/*
 * Nonzero if the peer may connect: no deny rule matches it, and an allow rule
 * matches it or there are no allow rules.
 */
int access_admits(const struct access *access, const struct address_ip *peer);

#endif
