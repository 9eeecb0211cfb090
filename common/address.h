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
/* Room for "[IPv6%zone]:port", with NUL. */
#define ADDRESS_TEXT 96

/* A host and a port as written by a person; "" where one was left out. */
struct address_name {
	char host[ADDRESS_HOST];
	char port[6];
};

/*
 * Parse "host", "host:port", "[IPv6%zone]", "[IPv6%zone]:port", and a bare
 * IPv6 address without a port.  Returns 0, or -1 with a reason in *reason
 * (a constant).
 */
int address_parse(
    struct address_name *name, const char *text, const char **reason);

/* A port number: 0 to 65535 in decimal digits.  Returns it, or -1. */
long address_parse_port(const char *text);

/* Print as "192.0.2.1:80" or "[2001:db8::1%zone]:80".  Returns buffer. */
char *address_print(char buffer[ADDRESS_TEXT], const struct sockaddr *address,
    socklen_t length);

/* An IP address as 16 bytes; an IPv4 one is ::ffff:a.b.c.d.  RFC 4291. */
struct address_ip {
	uint8_t bytes[16];
	uint16_t port; /* host byte order */
};

/* Returns 0, or -1 where the address is neither IPv4 nor IPv6. */
int address_ip_of(struct address_ip *ip, const struct sockaddr *address);

/* Nonzero for 127.0.0.0/8 and ::1. */
int address_is_loopback(const struct address_ip *ip);

/*
 * How many of the first bytes identify the host: all 16 of an IPv4 address, and
 * the 8 of a /64 of an IPv6 address.
 */
size_t address_host_length(const struct address_ip *ip);

/* Nonzero if both count as one host: equal IPv4, or the same IPv6 /64. */
int address_same_host(const struct address_ip *a, const struct address_ip *b);

/* An IP network and a range of peers' ports. */
struct address_rule {
	uint8_t bytes[16];
	unsigned prefix; /* bits, 0 to 128; IPv4 counts from 96 */
	uint16_t low, high;
};

/*
 * Parse "10.0.0.0/8", "10.1.2.3", "2001:db8::/32", each with ":low-high" or
 * ":port" behind (IPv6 then in brackets: "[fd00::/8]:1-1023").  Numeric only;
 * bits below the prefix must be zero.  Returns 0, or -1 with *reason.
 */
int address_rule_parse(
    struct address_rule *rule, const char *text, const char **reason);

/* Nonzero if the address lies in the network and its port in the range. */
int address_rule_match(
    const struct address_rule *rule, const struct address_ip *ip);

#endif
