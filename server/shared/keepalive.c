/* SPDX-License-Identifier: ISC */
/* A callback for long work: keep the connection alive, or stop the work. */
#include "server/shared/keepalive.h"

#include <stddef.h>

int
keepalive_call(const struct keepalive *keepalive)
{
	return keepalive != NULL ? keepalive->call(keepalive->argument) : 0;
}
