/* SPDX-License-Identifier: ISC */
/* Hosts, ports and CIDR rules: parsed, printed and compared. */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

#include <netdb.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Longest host name or numeric address with its zone, with NUL. */
#define ADDRESS_HOST 256
/* Size of "[IPv6%zone]:port", with NUL. */
#define ADDRESS_TEXT 96

/* A host and a port as the user wrote them; "" if one is missing. */
struct address_name {
	char host[ADDRESS_HOST];
	char port[6];
};

/*
 * Parse "host", "host:port", "[IPv6%zone]", "[IPv6%zone]:port", and a bare
 * IPv6 address without a port.  Returns 0, or -1 with a constant in *reason.
 */
int address_parse(
    struct address_name *name, const char *text, const char **reason);

/* Parse a port: 0 to 65535 in decimal digits.  Returns it, or -1. */
long address_parse_port(const char *text);

/* Print as "192.0.2.1:80" or "[2001:db8::1%zone]:80".  Returns buffer. */
char *address_print(char buffer[ADDRESS_TEXT], const struct sockaddr *address,
    socklen_t length);

/* An IP address as 16 bytes.  IPv4 is mapped: ::ffff:a.b.c.d, RFC 4291. */
struct address_ip {
	uint8_t bytes[16];
	uint16_t port; /* host byte order */
};

/* Returns 0, or -1 if the address is neither IPv4 nor IPv6. */
int address_ip_of(struct address_ip *ip, const struct sockaddr *address);

/* Nonzero for 127.0.0.0/8 and ::1. */
int address_is_loopback(const struct address_ip *ip);

/*
 * The number of leading bytes that identify the host: 16 for an IPv4 address,
 * 8 for an IPv6 address.  One IPv6 host may use a whole /64.
 */
size_t address_host_length(const struct address_ip *ip);

/* Nonzero if both identify one host: equal IPv4, or the same IPv6 /64. */
int address_same_host(const struct address_ip *a, const struct address_ip *b);

/* An IP network and a range of the peer's ports. */
struct address_rule {
	uint8_t bytes[16];
	unsigned prefix; /* bits, 0 to 128; IPv4: 96 to 128 */
	uint16_t low, high;
};

/*
 * Parse "10.0.0.0/8", "10.1.2.3" or "2001:db8::/32", optionally followed by
 * ":port" or ":low-high".  An IPv6 network is then in brackets:
 * "[fd00::/8]:1-1023".  Addresses must be numeric, and all bits after the
 * prefix must be zero.  Returns 0, or -1 with a constant in *reason.
 */
int address_rule_parse(
    struct address_rule *rule, const char *text, const char **reason);

/* Nonzero if the network contains the address and the range has its port. */
int address_rule_match(
    const struct address_rule *rule, const struct address_ip *ip);

#endif
