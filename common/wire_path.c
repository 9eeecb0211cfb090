/* SPDX-License-Identifier: ISC */
/* The rules for paths of ftx-protocol(5). */
#include <string.h>

#include "common/wire.h"

static const char *
check_component(const char *name, size_t length)
{
	if (length == 0)
		return "empty component in the path";
	if (length > WIRE_COMPONENT_MAX)
		return "component of more than 255 bytes in the path";
	if (memchr(name, '\0', length) != NULL)
		return "NUL byte in the path";
	if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
		return "\".\" or \"..\" in the path";
	if (length >= 5 && memcmp(name, ".ftx-", 5) == 0)
		return "names that begin with \".ftx-\" are the server's own";
	return NULL;
}

const char *
wire_check_path(const char *path, size_t length)
{
	const char *reason = NULL;
	int depth = 0;

	if (length > WIRE_PATH_MAX)
		return "path of more than 4096 bytes";
	while (length > 0 && reason == NULL) {
		const char *slash = memchr(path, '/', length);
		size_t component =
		    slash != NULL ? (size_t)(slash - path) : length;

		reason = check_component(path, component);
		if (++depth > WIRE_DEPTH_MAX)
			return "path of more than 128 components";
		if (slash == NULL)
			return reason;
		path += component + 1;
		length -= component + 1;
		if (length == 0 && reason == NULL)
			return "slash at the end of the path";
	}
	return reason;
}
