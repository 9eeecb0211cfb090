/* SPDX-License-Identifier: ISC */
/* Refused clients: send the reason at once, close the socket later. */
#include "server/process/refusal.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/wire.h"

/* Write the greeting and a fatal frame.  Returns the number of bytes. */
static size_t
write_refusal(uint8_t *out, uint64_t max_size, const struct outcome *why)
{
	const struct wire_greeting greeting = {WIRE_LOWEST, WIRE_HIGHEST,
	    WIRE_REFUSING, max_size < INT64_MAX ? max_size : INT64_MAX};
	const struct wire_reason reason = {
	    why->status, {why->text, strlen(why->text)}};
	struct wire_frame frame = {.type = WIRE_FATAL};
	uint8_t *payload = out + WIRE_GREETING + WIRE_HEADER;

	wire_write_greeting(out, &greeting);
	frame.length = (uint32_t)wire_write_reason(payload, &reason);
	wire_write_header(out + WIRE_GREETING, &frame);
	return WIRE_GREETING + WIRE_HEADER + frame.length;
}

static void
close_oldest(struct refusals *refusals)
{
	static uint8_t ignored[16 * 1024];
	int fd = refusals->waiting[0].fd;
	size_t read = 0;
	ssize_t got;

	do {
		got = io_read(fd, ignored, sizeof(ignored));
		read += got > 0 ? (size_t)got : 0;
	} while (got > 0 && read < REFUSAL_BYTES);
	close(fd);
	refusals->count--;
	memmove(refusals->waiting, refusals->waiting + 1,
	    refusals->count * sizeof(refusals->waiting[0]));
}

static void
log_left_out(struct refusals *refusals, io_time now)
{
	unsigned more = log_limit_left_out(&refusals->lines, now);

	if (more > 0)
		log_info("%u more refused", more);
}

static void
log_refusal(
    struct refusals *refusals, const char *peer, const struct outcome *why)
{
	io_time now = io_now();

	log_left_out(refusals, now);
	if (log_limit_admit(&refusals->lines, now))
		log_info("%s refused: %s: %s", peer, status_text(why->status),
		    why->text);
}

void
refusal_add(struct refusals *refusals, int fd, const char *peer,
    uint64_t max_size, const struct outcome *why)
{
	uint8_t bytes[WIRE_GREETING + WIRE_HEADER + 1 + STATUS_TEXT];
	size_t length = write_refusal(bytes, max_size, why);

	log_refusal(refusals, peer, why);
	/*
	 * The send buffer of a new socket has room for these bytes.  If the
	 * call fails, the client has left.
	 */
	(void)!io_write(fd, bytes, length);
	(void)shutdown(fd, SHUT_WR);
	if (refusals->count == REFUSAL_MAX)
		close_oldest(refusals);
	refusals->waiting[refusals->count].fd = fd;
	refusals->waiting[refusals->count].until = io_now() + REFUSAL_TIME;
	refusals->count++;
}

void
refusal_expire(struct refusals *refusals, io_time now)
{
	log_left_out(refusals, now);
	while (refusals->count > 0 && refusals->waiting[0].until <= now)
		close_oldest(refusals);
}
