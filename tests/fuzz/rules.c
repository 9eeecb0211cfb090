/* SPDX-License-Identifier: ISC */
/* Fuzz the settings file of ftxd, networks, addresses and access rules. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/address.h"
#include "common/io.h"
#include "common/settings_print.h"
#include "common/settings_read.h"
#include "server/process/access.h"
#include "server/settings/options.h"
#include "tests/fuzz/fuzz.h"

#define FILE_NAME "settings"

static void
write_file(const void *bytes, size_t size)
{
	int fd = open(FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	fuzz_check(fd != -1 && io_write_all(fd, bytes, size) == 0);
	close(fd);
}

/* Read the file.  Returns it as ftxd prints it, or NULL if it is invalid. */
static char *
read_file(struct options *options, size_t *size)
{
	char error[SETTINGS_ERROR] = "", *text = NULL;
	FILE *out;

	memset(options, 0, sizeof(*options));
	fuzz_check(settings_init(options_table, options) == 0);
	if (settings_file(options_table, options, FILE_NAME, error) == -1) {
		fuzz_check(error[0] != '\0');
		settings_release(options_table, options);
		return NULL;
	}
	out = open_memstream(&text, size);
	fuzz_check(out != NULL);
	settings_print(options_table, options, out);
	fclose(out);
	return text;
}

/* Rules that are valid one by one are valid together. */
static void
check_access(const struct options *options)
{
	const struct address_ip none = {{0}, 0};
	char error[SETTINGS_ERROR];
	struct access access;
	struct address_ip peer;

	fuzz_check(
	    access_init(&access, &options->allow, &options->deny, error) == 0);
	fuzz_check(access.allow.count == options->allow.count);
	for (size_t i = 0; i < access.deny.count; i++) {
		memcpy(peer.bytes, access.deny.rules[i].bytes, 16);
		peer.port = access.deny.rules[i].low;
		fuzz_check(!access_admits(&access, &peer));
	}
	for (size_t i = 0; i < access.allow.count; i++) {
		memcpy(peer.bytes, access.allow.rules[i].bytes, 16);
		peer.port = access.allow.rules[i].high;
		fuzz_check(
		    access.deny.count > 0 || access_admits(&access, &peer));
	}
	(void)access_admits(&access, &none);
	access_release(&access);
}

/* The printed settings must give the same values again. */
static void
check_printed(const struct options *options, const char *text)
{
	struct options again;
	size_t length;
	char *second;

	/* The file may contain control bytes. */
	if (strstr(text, " is no line of a file: ") != NULL)
		return;
	write_file(text, strlen(text));
	second = read_file(&again, &length);
	fuzz_check(second != NULL && strcmp(text, second) == 0);
	fuzz_check(again.workers == options->workers &&
	    again.idle_timeout == options->idle_timeout &&
	    again.allow.count == options->allow.count &&
	    again.deny.count == options->deny.count);
	settings_release(options_table, &again);
	free(second);
}

static void
check_settings(const uint8_t *data, size_t size)
{
	struct options options;
	size_t length;
	char *text;

	write_file(data, size);
	text = read_file(&options, &length);
	if (text == NULL)
		return;
	check_access(&options);
	check_printed(&options, text);
	settings_release(options_table, &options);
	free(text);
}

static void
check_rule(const char *text)
{
	struct address_rule rule;
	struct address_ip ip;
	const char *reason = NULL;

	if (address_rule_parse(&rule, text, &reason) == -1) {
		fuzz_check(reason != NULL);
		return;
	}
	fuzz_check(rule.prefix <= 128 && rule.low <= rule.high);
	for (unsigned bit = rule.prefix; bit < 128; bit++)
		fuzz_check((rule.bytes[bit / 8] >> (7 - bit % 8) & 1) == 0);
	memcpy(ip.bytes, rule.bytes, sizeof(ip.bytes));
	ip.port = rule.low;
	fuzz_check(address_rule_match(&rule, &ip));
	if (rule.prefix == 0)
		return;
	ip.bytes[(rule.prefix - 1) / 8] ^=
	    (uint8_t)(0x80 >> (rule.prefix - 1) % 8);
	fuzz_check(!address_rule_match(&rule, &ip));
}

static void
check_address(const char *text)
{
	struct address_name name;
	const char *reason = NULL;

	if (address_parse(&name, text, &reason) == -1) {
		fuzz_check(reason != NULL);
		return;
	}
	fuzz_check(strnlen(name.host, ADDRESS_HOST) < ADDRESS_HOST);
	fuzz_check(name.port[0] == '\0' || address_parse_port(name.port) >= 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[256];
	size_t length = size < sizeof(line) ? size : sizeof(line) - 1;

	memcpy(line, data, length);
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	check_rule(line);
	check_address(line);
	check_settings(data, size);
	return 0;
}
