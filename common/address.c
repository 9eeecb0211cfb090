/* SPDX-License-Identifier: ISC */
/* Hosts, ports and CIDR rules: parsed, printed and compared. */
#include "common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535

/* Offset of an IPv4 address in the 16 bytes. */
#define IPV4_OFFSET 12
#define IPV4_PREFIX 96

static const uint8_t ipv4_mapped[IPV4_OFFSET] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/*
 * Parse decimal digits, up to highest.  A leading zero is an error, because it
 * could mean octal.  Returns the number, or -1.
 */
static long
parse_decimal(const char *text, long highest)
{
	long value = 0;

	if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (*text - '0');
		if (value > highest)
			return -1;
	}
	return value;
}

long
address_parse_port(const char *text)
{
	return parse_decimal(text, PORT_MAX);
}

/* Nonzero if text consists of the characters of a host name. */
static int
is_host_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";

	return *text != '\0' && *text != '-' &&
	    text[strspn(text, letters)] == '\0';
}

/* Nonzero if text is an IPv6 address, with or without "%zone". */
static int
is_ipv6(const char *text)
{
	char digits[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t length = strcspn(text, "%");
	const char *zone = text + length;

	if (length >= sizeof digits)
		return 0;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (inet_pton(AF_INET6, digits, &address) != 1)
		return 0;
	return *zone == '\0' || is_host_name(zone + 1);
}

/*
 * Split "[inside]" or "[inside]:port" in place.  Returns inside, or NULL if
 * text has neither form.  *port is the port, or NULL if there is none.
 */
static char *
split_brackets(char *text, char **port)
{
	char *end = strchr(text, ']');

	*port = NULL;
	if (end == NULL || (end[1] != '\0' && end[1] != ':'))
		return NULL;
	if (end[1] == ':')
		*port = end + 2;
	*end = '\0';
	return text + 1;
}

/* Split "host:port" in place.  Text with two colons is an IPv6 address. */
static char *
split_colon(char *text, char **port)
{
	char *colon = strchr(text, ':');

	*port = NULL;
	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return text;
	*colon = '\0';
	*port = colon + 1;
	return text;
}

/* Returns NULL if host is valid, or the reason why it is not. */
static const char *
check_host(const char *host, int bracketed)
{
	if (host == NULL)
		return "a bracketed address is [IPv6] or [IPv6]:port";
	if (*host == '\0')
		return "the host is missing";
	if (bracketed)
		return is_ipv6(host)
		    ? NULL
		    : "only an IPv6 address stands in brackets";
	if (strchr(host, ':') != NULL)
		return is_ipv6(host) ? NULL
				     : "neither host:port nor an IPv6 address; "
				       "with a port it is [IPv6]:port";
	return is_host_name(host) ? NULL : "not the name of a host";
}

int
address_parse(struct address_name *name, const char *text, const char **reason)
{
	char copy[ADDRESS_HOST + 8]; /* brackets, colon, port */
	char *host, *port;
	int bracketed = text[0] == '[';

	*reason = "longer than any host name";
	if (strlen(text) >= sizeof copy)
		return -1;
	memcpy(copy, text, strlen(text) + 1);
	host =
	    bracketed ? split_brackets(copy, &port) : split_colon(copy, &port);
	*reason = check_host(host, bracketed);
	if (*reason != NULL)
		return -1;
	*reason = "longer than any host name";
	if (strlen(host) >= sizeof name->host)
		return -1;
	*reason = "a port is 0 to 65535";
	if (port != NULL && address_parse_port(port) < 0)
		return -1;
	memcpy(name->host, host, strlen(host) + 1);
	snprintf(name->port, sizeof name->port, "%s", port == NULL ? "" : port);
	return 0;
}

static int
is_ipv4(const uint8_t bytes[16])
{
	return memcmp(bytes, ipv4_mapped, sizeof ipv4_mapped) == 0;
}

int
address_ip_of(struct address_ip *ip, const struct sockaddr *address)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&ipv4, address, sizeof ipv4);
		memcpy(ip->bytes, ipv4_mapped, sizeof ipv4_mapped);
		memcpy(ip->bytes + IPV4_OFFSET, &ipv4.sin_addr, 4);
		ip->port = ntohs(ipv4.sin_port);
		return 0;
	case AF_INET6:
		memcpy(&ipv6, address, sizeof ipv6);
		memcpy(ip->bytes, &ipv6.sin6_addr, sizeof ip->bytes);
		ip->port = ntohs(ipv6.sin6_port);
		return 0;
	default:
		return -1;
	}
}

/* A mapped address is printed as IPv4, because rules treat it as IPv4. */
char *
address_print(
    char buffer[ADDRESS_TEXT], const struct sockaddr *address, socklen_t length)
{
	struct address_ip ip;
	char host[ADDRESS_TEXT - 10];

	snprintf(buffer, ADDRESS_TEXT, "unknown");
	if (address_ip_of(&ip, address) != 0)
		return buffer;
	if (is_ipv4(ip.bytes)) {
		inet_ntop(AF_INET, ip.bytes + IPV4_OFFSET, host, sizeof host);
		snprintf(buffer, ADDRESS_TEXT, "%s:%u", host, ip.port);
		return buffer;
	}
	/* inet_ntop(3) does not print the zone. */
	if (getnameinfo(address, length, host, sizeof host, NULL, 0,
		NI_NUMERICHOST) == 0)
		snprintf(buffer, ADDRESS_TEXT, "[%s]:%u", host, ip.port);
	return buffer;
}

int
address_is_loopback(const struct address_ip *ip)
{
	static const uint8_t ipv6_loopback[16] = {[15] = 1};

	if (is_ipv4(ip->bytes))
		return ip->bytes[IPV4_OFFSET] == 127;
	return memcmp(ip->bytes, ipv6_loopback, sizeof ipv6_loopback) == 0;
}

size_t
address_host_length(const struct address_ip *ip)
{
	/* All mapped addresses, and ::1, are in one /64. */
	return is_ipv4(ip->bytes) ? 16 : 8;
}

int
address_same_host(const struct address_ip *a, const struct address_ip *b)
{
	size_t compared = address_host_length(a);

	if (compared < address_host_length(b))
		compared = address_host_length(b);
	return memcmp(a->bytes, b->bytes, compared) == 0;
}

static int
prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8;
	unsigned mask = 0xff00U >> bits % 8 & 0xff;

	if (memcmp(a, b, bytes) != 0)
		return 0;
	return bits % 8 == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0;
}

static const char *
parse_network(struct address_rule *rule, char *network)
{
	uint8_t low_bits[16] = {0};
	char *slash = strchr(network, '/');
	int ipv6 = strchr(network, ':') != NULL;
	unsigned before = ipv6 ? 0 : IPV4_PREFIX;
	long prefix = 128 - before;

	if (slash != NULL) {
		*slash = '\0';
		prefix = parse_decimal(slash + 1, prefix);
	}
	if (prefix < 0)
		return "a prefix is 0 to 32 for IPv4, 0 to 128 for IPv6";
	if (!ipv6)
		memcpy(rule->bytes, ipv4_mapped, sizeof ipv4_mapped);
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, network,
		rule->bytes + (ipv6 ? 0 : IPV4_OFFSET)) != 1)
		return "not a numeric IPv4 or IPv6 address";
	rule->prefix = (unsigned)prefix + before;
	memcpy(low_bits, rule->bytes, rule->prefix / 8);
	if (rule->prefix % 8 != 0)
		low_bits[rule->prefix / 8] =
		    (uint8_t)(rule->bytes[rule->prefix / 8] &
			0xff00U >> rule->prefix % 8);
	if (memcmp(low_bits, rule->bytes, sizeof low_bits) != 0)
		return "the address has bits set below its prefix";
	return NULL;
}

/* Parse "port" or "low-high"; NULL means any port. */
static const char *
parse_range(struct address_rule *rule, char *range)
{
	char *dash;
	long low, high;

	rule->low = 0;
	rule->high = PORT_MAX;
	if (range == NULL)
		return NULL;
	dash = strchr(range, '-');
	if (dash != NULL)
		*dash = '\0';
	low = parse_decimal(range, PORT_MAX);
	high = dash == NULL ? low : parse_decimal(dash + 1, PORT_MAX);
	if (low < 1 || high < low)
		return "ports are port or low-high, 1 to 65535";
	rule->low = (uint16_t)low;
	rule->high = (uint16_t)high;
	return NULL;
}

int
address_rule_parse(
    struct address_rule *rule, const char *text, const char **reason)
{
	char copy[ADDRESS_TEXT], *network, *range;
	struct address_rule parsed;
	int bracketed = text[0] == '[';

	*reason = "longer than any rule";
	if (strlen(text) >= sizeof copy)
		return -1;
	memcpy(copy, text, strlen(text) + 1);
	network = bracketed ? split_brackets(copy, &range)
			    : split_colon(copy, &range);
	*reason = "brackets hold an IPv6 network, as in [fd00::/8]:1-1023";
	if (network == NULL || (bracketed && strchr(network, ':') == NULL))
		return -1;
	*reason = parse_network(&parsed, network);
	if (*reason == NULL)
		*reason = parse_range(&parsed, range);
	if (*reason != NULL)
		return -1;
	*rule = parsed;
	return 0;
}

int
address_rule_match(const struct address_rule *rule, const struct address_ip *ip)
{
	/* Networks like ::/0 do not contain mapped IPv4 addresses. */
	if (rule->prefix < IPV4_PREFIX && is_ipv4(ip->bytes))
		return 0;
	return ip->port >= rule->low && ip->port <= rule->high &&
	    prefix_equal(rule->bytes, ip->bytes, rule->prefix);
}
