/* SPDX-License-Identifier: ISC */
/* Who may connect: allow and deny, by numeric address only. */
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
 * Read the rules.  Returns 0, or -1 with error: a rule that cannot be read
 * admits nobody.  access is then empty and needs no release.
 */
int access_init(struct access *access, const struct setting_list *allow,
    const struct setting_list *deny, char error[SETTINGS_ERROR]);
void access_release(struct access *access);

/* Nonzero if no deny matches and, where allow rules exist, one does. */
int access_admits(const struct access *access, const struct address_ip *peer);

#endif
