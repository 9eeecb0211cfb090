/* SPDX-License-Identifier: ISC */
/* The allow and deny rules: which numeric addresses may connect. */
#include "server/process/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
parse_rules(struct access_rules *rules, const struct setting_list *texts,
    const char *name, char error[SETTINGS_ERROR])
{
	const char *reason;

	if (texts->count == 0)
		return 0;
	rules->rules = calloc(texts->count, sizeof(*rules->rules));
	if (rules->rules == NULL) {
		snprintf(
		    error, SETTINGS_ERROR, "%s: %s", name, strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < texts->count; i++) {
		if (address_rule_parse(
			&rules->rules[i], texts->items[i], &reason) != 0) {
			snprintf(error, SETTINGS_ERROR, "%s %.100s: %s", name,
			    texts->items[i], reason);
			return -1;
		}
		rules->count++;
	}
	return 0;
}

int
access_init(struct access *access, const struct setting_list *allow,
    const struct setting_list *deny, char error[SETTINGS_ERROR])
{
	memset(access, 0, sizeof(*access));
	if (parse_rules(&access->allow, allow, "allow", error) == 0 &&
	    parse_rules(&access->deny, deny, "deny", error) == 0)
		return 0;
	access_release(access);
	return -1;
}

void
access_release(struct access *access)
{
	free(access->allow.rules);
	free(access->deny.rules);
	memset(access, 0, sizeof(*access));
}

static int
matches_any(const struct access_rules *rules, const struct address_ip *peer)
{
	for (size_t i = 0; i < rules->count; i++)
		if (address_rule_match(&rules->rules[i], peer))
			return 1;
	return 0;
}

int
access_admits(const struct access *access, const struct address_ip *peer)
{
	if (matches_any(&access->deny, peer))
		return 0;
	return access->allow.count == 0 || matches_any(&access->allow, peer);
}
