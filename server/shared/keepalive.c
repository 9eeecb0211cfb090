/* SPDX-License-Identifier: ISC */
/* A callback for long work, to keep the client waiting or to stop the work. */
#include "server/shared/keepalive.h"

#include <stddef.h>

int
keepalive_call(const struct keepalive *keepalive)
{
	return keepalive != NULL ? keepalive->call(keepalive->argument) : 0;
}
