/* SPDX-License-Identifier: ISC */
/* A source that is sent, and the received content at the other end. */
#ifndef TESTS_UNIT_COMMON_SENDING_H
#define TESTS_UNIT_COMMON_SENDING_H

#include "common/send_file.h"

extern struct sending {
	int ends[2], source;
	struct conn conn; /* over the first end */
	struct send_file file;
	struct outcome outcome;
	struct {
		uint64_t data, holes;
		struct digest digest;
		int ended, aborted;
		struct wire_end end;
		enum status status;
	} received;
} sending;

/* Checked fixture: an empty source and a connection. */
void sending_begin(void);
void sending_end(void);

/* Send the queued frames, and receive them as the other side. */
void sending_carry(struct conn *other);

/* Step to the end; if lazy, flush only when there is no room. */
enum send_file_event sending_run(int lazy);

/* Check that size bytes were received, and that the end agrees. */
void sending_check_whole(uint64_t size);

#endif
