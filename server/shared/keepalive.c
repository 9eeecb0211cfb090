/* SPDX-License-Identifier: ISC */
/* A callback from long work: it keeps the client waiting, and may stop it. */
#include "server/shared/keepalive.h"

#include <stddef.h>

int
keepalive_call(const struct keepalive *keepalive)
{
	return keepalive != NULL ? keepalive->call(keepalive->argument) : 0;
}
