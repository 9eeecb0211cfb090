/* SPDX-License-Identifier: ISC */
/* Where files go: "[host]:path" as people write it. */
#include "client/target.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/wire.h"

/* What is shown of a text that was not understood. */
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

/* An IPv6 address, with or without a zone. */
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

/* How much of a text without brackets is an IPv6 address; 0: nothing. */
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
take_host(struct target *target, const char *text, const char *host,
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

static int
parse_bracketed(
    struct target *target, const char *text, char error[TARGET_ERROR])
{
	const char *end = strchr(text, ']');

	if (end == NULL || end[1] != ':')
		return fail(
		    error, text, "write an IPv6 target as [address]:path");
	if (!is_ipv6(text + 1, (size_t)(end - text - 1)))
		return fail(error, text, "no IPv6 address in the brackets");
	target->path = end + 2;
	return take_host(
	    target, text, text + 1, (size_t)(end - text - 1), error);
}

static int
parse_plain(struct target *target, const char *text, char error[TARGET_ERROR])
{
	const char *colon = strchr(text, ':');
	size_t bare = bare_ipv6_length(text);

	if (bare > 0)
		return fail_bare_ipv6(text, bare, error);
	if (colon == NULL)
		return fail(
		    error, text, "the target names no host: write host:path");
	if (memchr(text, '/', (size_t)(colon - text)) != NULL)
		return fail(
		    error, text, "what stands before the colon is no host");
	target->path = colon + 1;
	if (colon == text)
		return take_host(
		    target, text, "localhost", strlen("localhost"), error);
	return take_host(target, text, text, (size_t)(colon - text), error);
}

static const char *
strip(const char *path)
{
	for (;;) {
		if (path[0] == '/')
			path++;
		else if (path[0] == '.' && path[1] == '/')
			path += 2;
		else if (strcmp(path, ".") == 0)
			path++;
		else
			return path;
	}
}

int
target_parse(struct target *target, const char *text, char error[TARGET_ERROR])
{
	if (text[0] == '[') {
		if (parse_bracketed(target, text, error) == -1)
			return -1;
	} else if (parse_plain(target, text, error) == -1) {
		return -1;
	}
	target->path = strip(target->path);
	return 0;
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
