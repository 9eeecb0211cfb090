/* SPDX-License-Identifier: ISC */
/* What the settings of ftx mean, where that is more than their text. */
#include <stdlib.h>
#include <sys/socket.h>

#include "client/settings/options.h"
#include "common/quantity.h"
#include "common/wire.h"

int
options_family(const struct options *options)
{
	if (options->ipv4_only)
		return AF_INET;
	return options->ipv6_only ? AF_INET6 : AF_UNSPEC;
}

enum events_form
options_events(const struct options *options)
{
	if (options->json)
		return EVENTS_JSON;
	return options->digest ? EVENTS_DIGEST : EVENTS_NONE;
}

uint64_t
options_rate(const struct options *options)
{
	return options->limit * OPTIONS_KBIT;
}

uint64_t
options_size(const struct options *options)
{
	uint64_t size = WIRE_SIZE_UNKNOWN;

	/* What it is has been checked when it was set. */
	if (options->size != NULL)
		(void)quantity_parse(options->size, QUANTITY_NUMBER, &size);
	return size;
}

uint32_t
options_mode(const struct options *options, uint32_t source)
{
	if (options->mode != NULL)
		return (uint32_t)strtoul(options->mode, NULL, 8);
	return source & 0777;
}
