/* SPDX-License-Identifier: ISC */
/* Parse the target of a run: "[host]:path". */
#include "client/settings/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/wire.h"

/* The host if the target names none. */
#define HERE "localhost"

/* Room for an invalid target in a message. */
#define SHOWN 320

static int __attribute__((format(printf, 3, 4)))
fail(char error[TARGET_ERROR], const char *text, const char *format, ...)
{
	char shown[SHOWN], reason[TARGET_ERROR - SHOWN - 2];
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(reason, sizeof(reason), format, arguments) < 0)
		reason[0] = '\0';
	va_end(arguments);
	text_escape(shown, sizeof(shown), text, strlen(text), TEXT_UTF8);
	snprintf(error, TARGET_ERROR, "%s: %s", shown, reason);
	return -1;
}

/* Nonzero for an IPv6 address, with or without a zone. */
static int
is_ipv6(const char *text, size_t length)
{
	const char *zone = memchr(text, '%', length);
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;

	if (zone != NULL && zone + 1 == text + length)
		return 0;
	if (zone != NULL)
		length = (size_t)(zone - text);
	if (length >= sizeof(address))
		return 0;
	memcpy(address, text, length);
	address[length] = '\0';
	return inet_pton(AF_INET6, address, &parsed) == 1;
}

/* The length of an IPv6 address without brackets at the start, or 0. */
static size_t
bare_ipv6_length(const char *text)
{
	size_t length = strlen(text);

	for (size_t at = length; at > 0; at--)
		if (text[at - 1] == ':' && is_ipv6(text, at - 1))
			return at - 1;
	return is_ipv6(text, length) ? length : 0;
}

static int
fail_bare_ipv6(const char *text, size_t length, char error[TARGET_ERROR])
{
	const char *rest = text[length] == ':' ? text + length + 1 : "";
	char address[SHOWN], shown[SHOWN];

	text_escape(address, sizeof(address), text, length, TEXT_UTF8);
	text_escape(shown, sizeof(shown), rest, strlen(rest), TEXT_UTF8);
	return fail(error, text, "write IPv6 addresses in brackets: [%s]:%s",
	    address, shown);
}

static int
set_host(struct target *target, const char *text, const char *host,
    size_t length, char error[TARGET_ERROR])
{
	char escaped[4 * ADDRESS_HOST];

	if (length >= sizeof(target->host))
		return fail(error, text, "the name of the host is too long");
	memcpy(target->host, host, length);
	target->host[length] = '\0';
	text_escape(escaped, sizeof(escaped), host, length, TEXT_UTF8);
	snprintf(target->shown, sizeof(target->shown),
	    strchr(target->host, ':') != NULL ? "[%s]" : "%s", escaped);
	return 0;
}

/* Nonzero if a URL scheme comes before the colon, not a host. */
static int
is_url(const char *text)
{
	static const char *const schemes[] = {"file", "ftp", "ftps", "ftx",
	    "http", "https", "rsync", "scp", "sftp", "ssh"};
	size_t length = strcspn(text, ":");

	if (strncmp(text + length, "://", 3) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strlen(schemes[i]) == length &&
		    strncmp(schemes[i], text, length) == 0)
			return 1;
	return 0;
}

static int
fail_hostless(const char *text, char error[TARGET_ERROR])
{
	char shown[SHOWN];

	if (strchr(text, '/') != NULL || text[strspn(text, ".")] == '\0')
		return fail(
		    error, text, "the target names no host: write host:path");
	text_escape(shown, sizeof(shown), text, strlen(text), TEXT_UTF8);
	return fail(error, text,
	    "the target names no host: write %s: or %s:path", shown, shown);
}

/* Refuse forms that other programs accept.  Returns 0, or -1 with error. */
static int
check_form(const char *text, char error[TARGET_ERROR])
{
	size_t length = strcspn(text, ":/");

	if (is_url(text))
		return fail(error, text, "this is a URL: write host:path");
	if (memchr(text, '@', length) != NULL)
		return fail(error, text, "write host:path, without user@");
	if (strchr(text, ':') == NULL)
		return fail_hostless(text, error);
	if (text[length] == '/')
		return fail(
		    error, text, "what stands before the colon is no host");
	return 0;
}

/* The next two functions return the path, or NULL with error. */

static const char *
parse_bracketed(
    struct target *target, const char *text, char error[TARGET_ERROR])
{
	const char *end = strchr(text, ']');
	size_t length;

	if (end == NULL || end[1] != ':') {
		fail(error, text, "write an IPv6 target as [address]:path");
		return NULL;
	}
	length = (size_t)(end - text) - 1;
	if (!is_ipv6(text + 1, length)) {
		fail(error, text, "no IPv6 address in the brackets");
		return NULL;
	}
	if (set_host(target, text, text + 1, length, error) == -1)
		return NULL;
	return end + 2;
}

static const char *
parse_plain(struct target *target, const char *text, char error[TARGET_ERROR])
{
	size_t bare = bare_ipv6_length(text), length = strcspn(text, ":");
	const char *host = length > 0 ? text : HERE;

	if (bare > 0) {
		fail_bare_ipv6(text, bare, error);
		return NULL;
	}
	if (check_form(text, error) == -1 ||
	    set_host(target, text, host, length > 0 ? length : strlen(HERE),
		error) == -1)
		return NULL;
	return text + length + 1;
}

/* Copy a path without empty and "." components.  out has room for all of it. */
static void
simplify(char *out, const char *path)
{
	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		int is_empty = length == 0 || (length == 1 && path[0] == '.');

		if (!is_empty) {
			memcpy(out, path, length);
			out += length;
		}
		path += length;
		if (*path == '/') {
			path++;
			if (!is_empty)
				*out++ = '/';
		}
	}
	*out = '\0';
}

int
target_is_remote(const char *text)
{
	return text[strcspn(text, ":/")] == ':';
}

char *
target_show(const struct target *target, char buffer[TARGET_ERROR])
{
	char path[SHOWN];

	text_escape(
	    path, sizeof(path), target->path, strlen(target->path), TEXT_UTF8);
	snprintf(buffer, TARGET_ERROR, "%.600s:%s", target->shown, path);
	return buffer;
}

int
target_parse(struct target *target, const char *text, char error[TARGET_ERROR])
{
	const char *path = text[0] == '[' ? parse_bracketed(target, text, error)
					  : parse_plain(target, text, error);

	if (path == NULL)
		return -1;
	target->path = malloc(strlen(path) + 1);
	if (target->path == NULL)
		return fail(error, text, "%s", strerror(errno));
	simplify(target->path, path);
	return 0;
}

void
target_release(struct target *target)
{
	free(target->path);
	target->path = NULL;
}

size_t
target_directory(const struct target *target, const char **reason)
{
	size_t length = strlen(target->path);

	if (length > 0 && target->path[length - 1] == '/')
		length--;
	*reason = wire_check_path(target->path, length);
	return length;
}
