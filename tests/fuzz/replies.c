/* SPDX-License-Identifier: ISC */
/* Fuzz the frames that a server sends while ftx puts real files. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/connection/session.h"
#include "client/run/summary.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/turns.h"

/* Flags in the first byte of an input, above the number of the call. */
enum flag {
	FLAG_CALL = 7,
	FLAG_CORRECT = 8, /* results have the size and digest that were sent */
	FLAG_CLOSES = 16, /* the server closes the connection early */
	FLAG_EARLY = 32	  /* the server sends before the client waits */
};

#define CALLS 8
#define MAX_INPUT 16384
#define REQUESTS 32
#define ARGUMENTS 8

/* More turns than any session takes. */
#define MOST_TURNS 100000

/* One way to call ftx, and how many files it sends. */
static struct call {
	const char *arguments[ARGUMENTS];
	const char *sources[4];
	size_t files;
} calls[CALLS] = {
    {{"-v"}, {"small"}, 1},
    {{"-o", "progress=lines"}, {"small", "empty", "large"}, 3},
    {{"-rp"}, {"tree"}, 1},
    {{"-nv"}, {"small", "empty", "large"}, 3},
    {{"-pv", "-o", "skip-unchanged"}, {"small", "large"}, 2},
    {{"-o", "checksum"}, {"small", "empty", "large"}, 3},
    {{"-o", "remove-source"}, {"small", "empty", "large"}, 3},
    {{"-vr", "-j", "2"}, {"small", "tree"}, 2},
};

/* A request that the client has sent, and its result. */
struct sent {
	uint32_t number;
	enum wire_type type;
	unsigned wishes;
	uint64_t size, digest; /* as announced, then as in its end frame */
	int ended, confirmed, durable;
	char path[64];
};

static struct options options[CALLS];
static struct turns turns;
static struct sent sent[REQUESTS];
static size_t sent_count;
static uint8_t received[MAX_INPUT];
static size_t received_length;
static uint8_t flags;

static void
make_file(const char *path, const char *text, off_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (fd == -1)
		return;
	fuzz_check(io_write_all(fd, text, strlen(text)) == 0);
	fuzz_check(ftruncate(fd, size) == 0);
	close(fd);
}

static void
make_sources(void)
{
	make_file("small", "hello", 5);
	make_file("empty", "", 0);
	make_file("large", "large", REQUEST_RESUME_LEAST + 16);
}

static void
read_options(size_t number)
{
	static char command[] = "put", program[] = "ftx";
	char *argv[ARGUMENTS + 3] = {program, command};
	char error[SETTINGS_ERROR];
	int argc = 2;

	for (const char **next = calls[number].arguments; *next != NULL; next++)
		argv[argc++] = strdup(*next);
	fuzz_check(options_read(&options[number], argc, argv, error) != -1);
	for (int i = 2; i < argc; i++)
		free(argv[i]);
}

/* Once, before the first input. */
static void
prepare(void)
{
	static int done;

	if (done)
		return;
	done = 1;
	signal(SIGPIPE, SIG_IGN);
	make_sources();
	fuzz_check(mkdir("tree", 0755) == 0);
	fuzz_check(mkdir("tree/a", 0755) == 0);
	make_file("tree/a/leaf", "leaf", 4);
	for (size_t i = 0; i < CALLS; i++)
		read_options(i);
}

static struct sent *
find(uint32_t number)
{
	for (size_t i = 0; i < sent_count; i++)
		if (sent[i].number == number)
			return &sent[i];
	return NULL;
}

static void
note_request(const struct conn_frame *frame)
{
	struct sent *now = &sent[sent_count++];
	struct wire_request request;

	fuzz_check(
	    wire_read_request(frame->payload, frame->length, &request) == 0);
	fuzz_check(
	    wire_check_path(request.path.bytes, request.path.length) == NULL);
	*now = (struct sent){.number = frame->request,
	    .type = frame->type,
	    .wishes = request.wishes,
	    .size = request.size,
	    .digest = request.digest};
	snprintf(now->path, sizeof(now->path), "%.*s", (int)request.path.length,
	    request.path.bytes);
}

static void
note_frame(void *argument, const struct conn_frame *frame)
{
	struct sent *now = find(frame->request);
	struct wire_end end;

	(void)argument;
	switch (frame->type) {
	case WIRE_PUT:
	case WIRE_ASK:
	case WIRE_DIRECTORY:
		fuzz_check(now == NULL && sent_count < REQUESTS);
		note_request(frame);
		break;
	case WIRE_END:
		fuzz_check(now != NULL && !now->ended);
		fuzz_check(
		    wire_read_end(frame->payload, frame->length, &end) == 0);
		now->ended = 1;
		now->size = end.size;
		now->digest = end.digest;
		break;
	default:
		break;
	}
}

/* Set the size and digest of a stored result to those that were sent. */
static void
correct_result(uint8_t *piece, size_t length)
{
	struct wire_frame frame;
	struct wire_result result;
	const struct sent *now;
	const char *reason;

	if (length < WIRE_HEADER ||
	    wire_read_header(piece, WIRE_FROM_SERVER, &frame, &reason) == -1 ||
	    frame.type != WIRE_RESULT || frame.length != length - WIRE_HEADER ||
	    wire_read_result(piece + WIRE_HEADER, frame.length, &result) == -1)
		return;
	now = find(frame.request);
	if (now == NULL || !now->ended || result.status != STATUS_STORED)
		return;
	result.size = now->size;
	result.digest = now->digest;
	result.text.length = 0;
	(void)wire_write_result(piece + WIRE_HEADER, &result);
}

static void
send_piece(void *argument, uint8_t *piece, size_t length)
{
	(void)argument;
	if (flags & FLAG_CORRECT)
		correct_result(piece, length);
	memcpy(received + received_length, piece, length);
	received_length += length;
}

/* Nonzero if this success is possible for the request. */
static int
is_plausible(const struct sent *now, const struct wire_result *result)
{
	int same = result->size == now->size && result->digest == now->digest;

	if (now->type == WIRE_DIRECTORY)
		return result->size == 0 && result->digest == 0;
	switch (result->status) {
	case STATUS_STORED:
		return same && (now->wishes & WIRE_DRY_RUN) == 0 &&
		    (now->ended || (now->wishes & WIRE_SENT_BEFORE) != 0);
	case STATUS_WOULD_STORE:
		return (now->wishes & WIRE_DRY_RUN) != 0;
	default:
		return (now->wishes &
			   (WIRE_UNLESS_SAME | WIRE_UNLESS_DIGEST)) != 0;
	}
}

static void
note_result(const struct wire_frame *frame, const uint8_t *payload)
{
	struct sent *now = find(frame->request);
	struct wire_result result;

	if (now == NULL || frame->type != WIRE_RESULT ||
	    wire_read_result(payload, frame->length, &result) == -1 ||
	    !status_success(result.status) || !is_plausible(now, &result))
		return;
	now->confirmed = 1;
	now->durable |= result.durable;
}

/* Read the sent results again, independently of the client. */
static void
note_results(void)
{
	size_t at = WIRE_GREETING;
	struct wire_frame frame;
	const char *reason;

	while (at + WIRE_HEADER <= received_length &&
	    wire_read_header(
		received + at, WIRE_FROM_SERVER, &frame, &reason) == 0 &&
	    at + WIRE_HEADER + frame.length <= received_length) {
		note_result(&frame, received + at + WIRE_HEADER);
		at += WIRE_HEADER + frame.length;
	}
}

static size_t
count_confirmed(int directories)
{
	size_t count = 0;

	for (size_t i = 0; i < sent_count; i++)
		count += sent[i].confirmed &&
		    (sent[i].type == WIRE_DIRECTORY) == directories;
	return count;
}

/* A removed source must have been stored and synced. */
static void
check_sources(void)
{
	static const char *const names[] = {"small", "empty", "large"};
	int safe;

	for (size_t i = 0; i < 3; i++) {
		if (access(names[i], F_OK) == 0)
			continue;
		safe = 0;
		for (size_t k = 0; k < sent_count; k++)
			safe |= strcmp(sent[k].path, names[i]) == 0 &&
			    sent[k].confirmed && sent[k].durable;
		fuzz_check(safe);
	}
	make_sources();
}

static void
check(const struct tally *tally, enum session_event event,
    const struct call *call)
{
	size_t files;

	note_results();
	files = count_confirmed(0);
	fuzz_check(tally->stored <= files);
	fuzz_check(tally->directories <= count_confirmed(1));
	if (event == SESSION_FAILED)
		fuzz_check(tally_exit(tally) != 0);
	else if (tally_exit(tally) == 0)
		fuzz_check(
		    tally->stored == call->files && files == call->files);
	check_sources();
}

/* Receive all frames that the client has queued. */
static void
receive_rest(struct session *session)
{
	do
		turns_receive(&turns);
	while (conn_unsent(&session->conn) > 0 && !turns.ended &&
	    conn_flush(&session->conn) == 0);
	turns_receive(&turns);
}

static enum session_event
run_session(struct session *session, struct outcome *outcome)
{
	struct pollfd wait[CONN_POLLS];
	enum session_event event;

	for (int turn = 0; turn < MOST_TURNS; turn++) {
		event = session_step(session, outcome);
		if (event == SESSION_ENDED || event == SESSION_FAILED)
			return event;
		session_show(session, io_now());
		(void)session_await(session, wait);
		if (event == SESSION_WAITING || (flags & FLAG_EARLY))
			turns_step(&turns);
	}
	abort();
}

static void
put(struct run *run, int end, const struct call *call)
{
	const struct session_limits limits = {io_now(), IO_NEVER};
	struct outcome outcome = {STATUS_STORED, ""};
	struct session session;
	enum session_event event;

	fuzz_check(
	    session_begin(&session, run, 0, end, end, &limits, &outcome) == 0);
	event = run_session(&session, &outcome);
	receive_rest(&session);
	(void)session_end(&session);
	if (event == SESSION_FAILED)
		summary_end(run, &outcome);
	check(&run->report.tally, event, call);
}

static size_t
count_sources(const struct call *call, char *sources[4])
{
	size_t count = 0;

	for (; call->sources[count] != NULL; count++)
		sources[count] = (char *)(uintptr_t)call->sources[count];
	return count;
}

/* Input: a byte of flags, one for the length of pieces, and frames. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[] = "t";
	struct target target = {.host = "h", .shown = "h", .path = path};
	struct run run;
	const struct call *call;
	char *sources[4];
	int end;

	if (size < 2 || size - 2 > MAX_INPUT)
		return 0;
	prepare();
	flags = data[0];
	call = &calls[flags & FLAG_CALL];
	sent_count = received_length = 0;
	fuzz_check(run_init(&run, &options[flags & FLAG_CALL], &target, sources,
		       count_sources(call, sources)) == 0);
	end = turns_open(&turns, WIRE_FROM_SERVER, data + 2, size - 2, data[1]);
	turns.receive = note_frame;
	turns.send = send_piece;
	turns.closes = (flags & FLAG_CLOSES) != 0;
	put(&run, end, call);
	progress_end(&run.report.progress);
	run_release(&run);
	close(end);
	turns_close(&turns);
	return 0;
}
