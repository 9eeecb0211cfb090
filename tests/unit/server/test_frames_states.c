/* SPDX-License-Identifier: ISC */
/* Each frame in each state: the table of ftx-protocol(5), STATES. */
#include <check.h>
#include <string.h>

#include "server/session/frames.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/server/reception.h"
#include "tests/unit/support.h"

Suite *frames_states_suite(void);

static struct store store;
static struct reception reception;

static void
setup(void)
{
	inbox_open(&store);
}

static void
teardown(void)
{
	inbox_close(&store);
}

/* What happened on the connection before the frame. */
enum situation {
	HELLO,
	READY,
	GO,		/* request 1 has its go */
	GO_OTHER,	/* the same, but the frame has another number */
	CONTENT,	/* request 1, a put, has no content yet */
	CONTENT_OTHER,	/* the same, but the frame has another number */
	CONTENT_OF_ASK, /* request 1, an ask, has some content */
	DISCARD,	/* request 1, a put, was refused */
	DISCARD_OTHER,	/* the same, but the frame has another number */
	CLOSED,		/* after bye; session.c handles no more frames */
	SITUATIONS
};

#define OWN 1
#define OTHER 2
#define NEXT 5 /* the number of a new request */

/*
 * A cell has two characters.  The first is the next state: R for ready, C for
 * content, D for discard, X for closed, or E for a protocol error.  The second
 * is the number of results sent at once.  A directory's result is sent later,
 * after the commit.  A file that ends too early has a wrong digest, so its
 * result is sent at once.
 */
static const struct row {
	enum wire_type type;
	const char cells[SITUATIONS][3];
} rows[] = {
    {WIRE_BASE, {"R0", "E0", "E0", "E0", "E0", "E0", "E0", "E0", "E0", "E0"}},
    {WIRE_PUT, {"E0", "C0", "C0", "C0", "E0", "E0", "E0", "E0", "E0", "E0"}},
    {WIRE_ASK, {"E0", "R0", "R0", "R0", "E0", "E0", "E0", "E0", "E0", "E0"}},
    {WIRE_DIRECTORY,
	{"E0", "R0", "R0", "R0", "E0", "E0", "E0", "E0", "E0", "E0"}},
    {WIRE_DATA, {"E0", "E0", "C0", "E0", "C0", "E0", "C0", "D0", "E0", "E0"}},
    {WIRE_HOLE, {"E0", "E0", "C0", "E0", "C0", "E0", "C0", "D0", "E0", "E0"}},
    {WIRE_RESTART,
	{"E0", "E0", "C0", "E0", "E0", "E0", "E0", "D0", "E0", "E0"}},
    {WIRE_END, {"E0", "E0", "R1", "E0", "R1", "E0", "R1", "R0", "E0", "E0"}},
    {WIRE_ABORT, {"E0", "E0", "R1", "E0", "R1", "E0", "R1", "R0", "E0", "E0"}},
    {WIRE_WAITING,
	{"E0", "R0", "R0", "R0", "C0", "C0", "C0", "D0", "D0", "E0"}},
    {WIRE_BYE, {"E0", "X0", "X0", "X0", "E0", "E0", "E0", "E0", "E0", "E0"}},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Only servers send these. */
static const enum wire_type foreign[] = {
    WIRE_BASED, WIRE_GO, WIRE_RESULT, WIRE_WORKING, WIRE_FATAL, WIRE_FEATURES};

static void
reach(enum situation situation)
{
	struct client *client = &reception.client;

	if (situation == HELLO)
		return;
	reception_base(&reception, "");
	if (situation == CLOSED)
		client_queue(client, WIRE_BYE, 0, NULL, 0);
	if (situation == GO || situation == GO_OTHER ||
	    situation == CONTENT_OF_ASK)
		client_request(client, WIRE_ASK, OWN, "file", 8, 0);
	if (situation == CONTENT_OF_ASK)
		client_queue(client, WIRE_DATA, OWN, "some", 4);
	if (situation == CONTENT || situation == CONTENT_OTHER)
		client_request(client, WIRE_PUT, OWN, "file", 8, 0);
	if (situation == DISCARD || situation == DISCARD_OTHER)
		client_request(client, WIRE_PUT, OWN, "../file", 8, 0);
	ck_assert_int_eq(reception_run(&reception), 0);
	if (situation == GO || situation == GO_OTHER ||
	    situation == CONTENT_OF_ASK)
		client_expect(client, WIRE_GO, OWN);
	if (situation == DISCARD || situation == DISCARD_OTHER)
		client_expect_result(client, OWN, STATUS_REFUSED);
}

/* Send a well-formed frame of this type, in any state. */
static void
send_frame(enum wire_type type, uint32_t number)
{
	struct client *client = &reception.client;
	uint8_t hole[8];

	switch (type) {
	case WIRE_BASE:
		client_base(client, WIRE_BASE_DIRECTORY, "");
		break;
	case WIRE_PUT:
	case WIRE_ASK:
		client_request(client, type, NEXT, "next", 8, 0);
		break;
	case WIRE_DIRECTORY:
		client_request(client, type, NEXT, "directory", 0, 0);
		break;
	case WIRE_DATA:
		client_queue(client, type, number, "data", 4);
		break;
	case WIRE_HOLE:
		client_queue(
		    client, type, number, hole, wire_write_hole(hole, 4));
		break;
	case WIRE_END:
		client_end(client, number, "", 0);
		break;
	case WIRE_ABORT:
		client_abort(client, number, STATUS_CANCELLED, "enough");
		break;
	default:
		client_queue(client, type, number, NULL, 0);
	}
}

/* Count the results, and ignore all other frames. */
static char
count_results(void)
{
	struct client *client = &reception.client;
	struct pollfd polled = {.fd = client->fd, .events = POLLIN};
	size_t count = 0;

	while (poll(&polled, 1, 0) == 1 && client_next(client))
		count += client->frame.type == WIRE_RESULT;
	return "0123456789"[count];
}

static char
state_letter(int result)
{
	static const char letters[] = {[RECEIVE_HELLO] = 'H',
	    [RECEIVE_READY] = 'R',
	    [RECEIVE_CONTENT] = 'C',
	    [RECEIVE_DISCARD] = 'D',
	    [RECEIVE_CLOSED] = 'X'};

	if (result != 0)
		return 'E';
	return letters[reception.receive.state];
}

static void
try_cell(const struct row *row, enum situation situation)
{
	int other = situation == GO_OTHER || situation == CONTENT_OTHER ||
	    situation == DISCARD_OTHER;
	char seen[3] = "";

	reception_open(&reception, &store);
	reach(situation);
	send_frame(row->type, other ? OTHER : OWN);
	seen[0] = state_letter(reception_run(&reception));
	seen[1] = count_results();
	ck_assert_msg(strcmp(seen, row->cells[situation]) == 0,
	    "\"%s\" in situation %d: %s, instead of %s (%s)",
	    wire_type_name(row->type), situation, seen, row->cells[situation],
	    reception.receive.fatal.text);
	if (seen[0] == 'E') {
		ck_assert_int_eq(
		    reception.receive.fatal.status, STATUS_PROTOCOL);
		ck_assert_str_ne(reception.receive.fatal.text, "");
	}
	reception_close(&reception);
	ck_assert_uint_eq(directory_count(inbox_staging()), 0);
	ck_assert(!file_exists("in/file"));
}

START_TEST(every_frame_is_handled_in_every_state)
{
	for (int situation = 0; situation < SITUATIONS; situation++)
		try_cell(&rows[_i], (enum situation)situation);
}
END_TEST

START_TEST(connection_ends_when_the_client_sends_a_frame_of_servers)
{
	for (int situation = 0; situation < SITUATIONS; situation++) {
		struct conn_frame frame = {.type = foreign[_i], .request = OWN};

		reception_open(&reception, &store);
		reach((enum situation)situation);
		ck_assert_int_eq(frames_handle(&reception.receive, &frame), -1);
		ck_assert_int_eq(
		    reception.receive.fatal.status, STATUS_PROTOCOL);
		reception_close(&reception);
	}
}
END_TEST

/* A go allows one file. */
START_TEST(connection_ends_when_a_go_is_used_twice)
{
	static const enum wire_type types[] = {
	    WIRE_DATA, WIRE_HOLE, WIRE_RESTART, WIRE_END, WIRE_ABORT};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		reception_open(&reception, &store);
		reach(CONTENT_OF_ASK);
		client_abort(&reception.client, OWN, STATUS_FAILED, "");
		send_frame(types[i], OWN);
		reception_expect_error(&reception);
		client_expect_result(&reception.client, OWN, STATUS_FAILED);
		reception_close(&reception);
	}
}
END_TEST

/* A request that has its result gets no go. */
START_TEST(connection_ends_when_content_follows_a_result)
{
	static const enum wire_type types[] = {
	    WIRE_DATA, WIRE_HOLE, WIRE_RESTART, WIRE_END, WIRE_ABORT};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		reception_open(&reception, &store);
		reach(READY);
		client_request(
		    &reception.client, WIRE_ASK, OWN, "file", 8, WIRE_DRY_RUN);
		send_frame(types[i], OWN);
		reception_expect_error(&reception);
		client_expect_result(
		    &reception.client, OWN, STATUS_WOULD_STORE);
		reception_close(&reception);
	}
}
END_TEST

Suite *
frames_states_suite(void)
{
	Suite *suite = suite_create("frames_states");
	TCase *tcase = support_case("states");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(
	    tcase, every_frame_is_handled_in_every_state, 0, (int)ROWS);
	tcase_add_loop_test(tcase,
	    connection_ends_when_the_client_sends_a_frame_of_servers, 0,
	    (int)(sizeof(foreign) / sizeof(foreign[0])));
	tcase_add_test(tcase, connection_ends_when_a_go_is_used_twice);
	tcase_add_test(tcase, connection_ends_when_content_follows_a_result);
	suite_add_tcase(suite, tcase);
	return suite;
}
