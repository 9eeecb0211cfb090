/* SPDX-License-Identifier: ISC */
/* A network below TCP that loses, delays, doubles and reorders packets. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#endif

#include "tests/lab/cable.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "common/os.h"
#include "tests/system/run.h"

/* Source: RFC 791, section 3.1. */
#define IPV4_LEAST 20
#define IPV4_FROM 12
#define IPV4_TO 16
#define IPV4_ADDRESS 4

/* The most packets under way at once.  More are lost, as in a router. */
#define UNDER_WAY 2048

/* A late packet takes delay / LATE_PART + LATE_LEAST milliseconds longer. */
#define LATE_PART 4
#define LATE_LEAST 3

struct packet {
	io_time due;
	uint64_t number; /* the order of packets that are due together */
	size_t length;
	uint8_t bytes[CABLE_MTU];
};

static struct packet under_way[UNDER_WAY];
static size_t waiting;
static uint64_t number;
static struct cable_count *count;

/*
 * Nonzero with this chance, per mille.  Each run has the same sequence. Source:
 * Marsaglia, Xorshift RNGs (2003).
 */
static int
happens(int chance)
{
	static uint32_t state = 2463534242U;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return (int)(state % 1000) < chance;
}

static void
queue_packet(const uint8_t *bytes, size_t length, io_time due)
{
	struct packet *packet = &under_way[waiting];

	if (waiting == UNDER_WAY) {
		atomic_fetch_add(&count->lost, 1);
		return;
	}
	packet->due = due;
	packet->number = ++number;
	packet->length = length;
	memcpy(packet->bytes, bytes, length);
	waiting++;
}

/*
 * Exchange the addresses, so that this host receives its own packet from the
 * far end.  The checksums stay valid, because the order does not change a sum.
 */
static void
swap_addresses(uint8_t *bytes)
{
	uint8_t from[IPV4_ADDRESS];

	memcpy(from, bytes + IPV4_FROM, IPV4_ADDRESS);
	memcpy(bytes + IPV4_FROM, bytes + IPV4_TO, IPV4_ADDRESS);
	memcpy(bytes + IPV4_TO, from, IPV4_ADDRESS);
}

static void
pass_packet(
    const struct cable_plan *plan, uint8_t *bytes, size_t length, io_time now)
{
	io_time due = now + plan->delay;

	if (length < IPV4_LEAST || bytes[0] >> 4 != 4)
		return;
	if (plan->longest != 0 && length > plan->longest) {
		atomic_fetch_add(&count->too_long, 1);
		return;
	}
	if (happens(plan->lost)) {
		atomic_fetch_add(&count->lost, 1);
		return;
	}
	if (happens(plan->late)) {
		atomic_fetch_add(&count->late, 1);
		due += plan->delay / LATE_PART + LATE_LEAST;
	}
	swap_addresses(bytes);
	queue_packet(bytes, length, due);
	if (happens(plan->doubled)) {
		atomic_fetch_add(&count->doubled, 1);
		queue_packet(bytes, length, due);
	}
}

/* The packet that is due next, or NULL. */
static struct packet *
find_next(void)
{
	struct packet *next = waiting > 0 ? &under_way[0] : NULL;

	for (size_t i = 1; i < waiting; i++)
		if (under_way[i].due < next->due ||
		    (under_way[i].due == next->due &&
			under_way[i].number < next->number))
			next = &under_way[i];
	return next;
}

/* Deliver all packets that are due.  Returns when the next one is due. */
static io_time
deliver(int fd, io_time now)
{
	struct packet *next;

	while ((next = find_next()) != NULL && next->due <= now) {
		if (io_write(fd, next->bytes, next->length) > 0)
			atomic_fetch_add(&count->passed, 1);
		*next = under_way[--waiting];
	}
	return next == NULL ? IO_NEVER : next->due;
}

static _Noreturn void
forward_packets(int fd, const struct cable_plan *plan)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	uint8_t bytes[CABLE_MTU];
	io_time due = IO_NEVER;
	ssize_t length;

	while (io_poll(&polled, 1, due) != -1) {
		io_time now = io_now();

		while ((length = io_read(fd, bytes, sizeof(bytes))) > 0)
			pass_packet(plan, bytes, (size_t)length, now);
		due = deliver(fd, now);
	}
	_exit(1);
}

/* Open the cable in a new network namespace.  Returns a descriptor, or -1. */
static int
open_device(void)
{
#if defined(__linux__)
	struct ifreq request = {.ifr_name = "cable"};
	int fd;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
		return -1;
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	request.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (fd != -1 && ioctl(fd, TUNSETIFF, &request) == -1) {
		close(fd);
		return -1;
	}
	return fd;
#else
	return -1;
#endif
}

static int
set_up_network(void)
{
	struct run run;

	RUN(&run, "ip", "address", "add", CABLE_NEAR "/24", "dev", "cable");
	if (run.status != 0)
		return -1;
	RUN(&run, "ip", "link", "set", "cable", "up");
	run_check(&run, 0, NULL);
	RUN(&run, "ip", "link", "set", "lo", "up");
	run_check(&run, 0, NULL);
	return 0;
}

int
cable_start(struct cable *cable, const struct cable_plan *plan)
{
	int fd = open_device();

	if (fd == -1)
		return -1;
	count = os_shared_memory(sizeof(*count));
	if (count == NULL || set_up_network() != 0) {
		close(fd);
		return -1;
	}
	cable->count = count;
	cable->pid = fork();
	if (cable->pid == 0)
		forward_packets(fd, plan);
	close(fd);
	return cable->pid > 0 ? 0 : -1;
}

void
cable_stop(struct cable *cable)
{
	int status;

	ck_assert_int_eq(kill(cable->pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(cable->pid, &status, 0), cable->pid);
	ck_assert_int_eq(harness_status(status), 128 + SIGTERM);
}
