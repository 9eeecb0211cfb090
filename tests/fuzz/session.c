/* SPDX-License-Identifier: ISC */
/* Fuzz a whole session of ftxd, over a socket, into a real directory. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "server/session/session.h"
#include "server/store/partial.h"
#include "server/store/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/tree.h"
#include "tests/fuzz/turns.h"

/* The bits of the first byte of an input. */
enum flag {
	FLAG_SYNCS = 1,
	FLAG_KEEPS = 2, /* never overwrite */
	FLAG_COMPARES = 4,
	FLAG_SMALL = 8,	   /* limit files to a few bytes */
	FLAG_REPAIRS = 16, /* correct sizes and digests */
	FLAG_STOPS = 32,   /* stop the server half-way */
	FLAG_CUTS = 64,	   /* cut the session half-way */
	FLAG_CLOSES = 128  /* the client closes without reading */
};

/* Largest file: enough for a partial, but fast to hash. */
#define LARGEST (5 << 18)
#define SMALL 64
#define MAX_INPUT 16384
#define LONG 1000000 /* milliseconds; never passes */

static struct store store;
static struct turns turns;
static struct oracle oracle;
static size_t half;
static uint8_t flags;

/* The linker directs poll to __wrap_poll; __real_poll is poll(2). */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);

/* When the server waits, the client sends and receives, so neither blocks. */
int
__wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	(void)timeout;
	turns_step(&turns);
	return __real_poll(fds, count, 0);
}

/* Called once, before the first input. */
static void
prepare(void)
{
	static int done;
	struct outcome outcome;

	if (done)
		return;
	done = 1;
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	log_open("ftxd", LOG_LEVEL_DEBUG, 0);
	tree_make_outside();
	fuzz_check(mkdir("in", 0755) == 0);
	fuzz_check(store_open(&store, "in", &outcome) == 0);
	fuzz_check(store_enter(&store, &outcome) == 0);
	store_learn_sync(&store);
	store.exact_mask = 0;
	store.partial_ttl = LONG;
}

static enum session_stop
stop_half_way(void *argument)
{
	(void)argument;
	if (!(flags & (FLAG_STOPS | FLAG_CUTS)) || turns.left > half)
		return SESSION_RUN;
	return flags & FLAG_CUTS ? SESSION_CUT : SESSION_DRAIN;
}

/* Only partials stay in the staging directory. */
static void
check_staging(void)
{
	int fd = dup(store.staging);
	DIR *list = fdopendir(fd);
	const struct dirent *entry;

	fuzz_check(list != NULL);
	rewinddir(list);
	while ((entry = readdir(list)) != NULL)
		fuzz_check(
		    entry->d_name[0] == '.' || partial_is_name(entry->d_name));
	closedir(list);
}

static void
check_frame(void *argument, const struct conn_frame *frame)
{
	(void)argument;
	oracle_check_frame(&oracle, frame);
}

static void
run(const uint8_t *bytes, size_t length, unsigned piece)
{
	const struct session_config config = {.store = &store,
	    .max_size = flags & FLAG_SMALL ? SMALL : LARGEST,
	    .hello_timeout = LONG,
	    .idle_timeout = LONG,
	    .drain_timeout = LONG,
	    .never_overwrite = (flags & FLAG_KEEPS) != 0,
	    .compares = (flags & FLAG_COMPARES) != 0,
	    .stop = stop_half_way};
	int end = turns_open(&turns, WIRE_FROM_CLIENT, bytes, length, piece);

	turns.receive = check_frame;
	turns.closes = (flags & FLAG_CLOSES) != 0;
	half = length / 2;
	store.sync = (flags & FLAG_SYNCS) != 0;
	fuzz_check(session_run(&config, end, end, "fuzzer") != SESSION_SICK);
	close(end);
	turns_receive(&turns);
	turns_close(&turns);
}

/* The length of the first session; another hello begins the next one. */
static size_t
session_length(const uint8_t *bytes, size_t length)
{
	const struct wire_hello any = {0, 0};
	const size_t magic = 8;
	uint8_t hello[WIRE_HELLO];

	wire_write_hello(hello, &any);
	for (size_t at = 1; at + magic <= length; at++)
		if (memcmp(bytes + at, hello, magic) == 0)
			return at;
	return length;
}

static void
run_session(uint8_t *bytes, size_t length, unsigned piece)
{
	oracle_read(&oracle, bytes, length, (flags & FLAG_REPAIRS) != 0);
	oracle.keeps = (flags & FLAG_KEEPS) != 0;
	oracle.syncs = (flags & FLAG_SYNCS) != 0;
	run(bytes, length, piece);
	oracle_check(&oracle, store.root);
	check_staging();
	tree_check_outside();
}

/* The input: a byte of FLAG_ bits, the length of pieces, and the streams. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[MAX_INPUT];
	size_t length;

	if (size < 2 || size - 2 > sizeof(bytes))
		return 0;
	prepare();
	flags = data[0];
	size -= 2;
	memcpy(bytes, data + 2, size);
	tree_plant(store.root);
	for (size_t at = 0; at < size; at += length) {
		length = session_length(bytes + at, size - at);
		run_session(bytes + at, length, data[1]);
	}
	tree_empty(store.root, store.staging);
	return 0;
}
