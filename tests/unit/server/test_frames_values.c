/* SPDX-License-Identifier: ISC */
/* The server's reply to each value: ftx-protocol(5), VALUES. */
#include "tests/unit/server/inbox.h"
#include "tests/unit/server/reception.h"
#include "tests/unit/support.h"
#include <check.h>

Suite *frames_values_suite(void);

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

enum effect {
	ACCEPTED, /* the request is accepted */
	ERROR,	  /* a protocol error */
	REFUSED,
	NOT_OFFERED
};

/* The field to change in a valid request. */
enum field {
	KIND,
	ATTRIBUTES,
	WISHES,
	MODE,
	NANOSECONDS,
	SIZE,
	ALLOCATED,
	DIGEST,
	PATH_LENGTH
};

#define ANY_SIZE UINT64_MAX
#define TOO_LARGE ((uint64_t)INT64_MAX + 1)

/* The effects in a put, an ask and a directory, in versions 1 and 2. */
static const struct value {
	enum field field;
	uint64_t value;
	enum effect put[2], ask[2], directory[2];
} values[] = {
    {KIND, 0, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED}},
    {KIND, 1, {ACCEPTED, ACCEPTED}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {KIND, 2, {REFUSED, REFUSED}, {REFUSED, REFUSED}, {ACCEPTED, ACCEPTED}},
    {KIND, 3, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED}},
    {KIND, 255, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED},
	{ERROR, NOT_OFFERED}},
    {ATTRIBUTES, 3, {ACCEPTED, ACCEPTED}, {ACCEPTED, ACCEPTED},
	{ACCEPTED, ACCEPTED}},
    {ATTRIBUTES, 4, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED},
	{ERROR, NOT_OFFERED}},
    {ATTRIBUTES, 128, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED},
	{ERROR, NOT_OFFERED}},
    {WISHES, 1, {ERROR, ERROR}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {WISHES, 2, {ERROR, ERROR}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {WISHES, 4, {ERROR, ERROR}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {WISHES, 8, {ERROR, ERROR}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {WISHES, 32, {ERROR, ERROR}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {WISHES, 64, {ERROR, ERROR}, {ERROR, ACCEPTED}, {ERROR, ACCEPTED}},
    {WISHES, 128, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED},
	{ERROR, NOT_OFFERED}},
    {WISHES, 129, {ERROR, ERROR}, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED}},
    {WISHES, 32768, {ERROR, NOT_OFFERED}, {ERROR, NOT_OFFERED},
	{ERROR, NOT_OFFERED}},
    {MODE, 0777, {ACCEPTED, ACCEPTED}, {ACCEPTED, ACCEPTED},
	{ACCEPTED, ACCEPTED}},
    {MODE, 01000, {ERROR, ERROR}, {ERROR, ERROR}, {ERROR, ERROR}},
    {MODE, UINT32_MAX, {ERROR, ERROR}, {ERROR, ERROR}, {ERROR, ERROR}},
    {NANOSECONDS, 999999999, {ACCEPTED, ACCEPTED}, {ACCEPTED, ACCEPTED},
	{ACCEPTED, ACCEPTED}},
    {NANOSECONDS, 1000000000, {ERROR, ERROR}, {ERROR, ERROR}, {ERROR, ERROR}},
    {SIZE, ANY_SIZE, {ACCEPTED, ACCEPTED}, {ACCEPTED, ACCEPTED},
	{ERROR, ERROR}},
    {SIZE, TOO_LARGE, {ERROR, ERROR}, {ERROR, ERROR}, {ERROR, ERROR}},
    {SIZE, ANY_SIZE - 1, {ERROR, ERROR}, {ERROR, ERROR}, {ERROR, ERROR}},
    {SIZE, 7, {ACCEPTED, ACCEPTED}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {ALLOCATED, 8, {ACCEPTED, ACCEPTED}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {ALLOCATED, 9, {ERROR, ERROR}, {ERROR, ERROR}, {ERROR, ERROR}},
    {DIGEST, 1, {ACCEPTED, ACCEPTED}, {ACCEPTED, ACCEPTED}, {ERROR, ERROR}},
    {PATH_LENGTH, 0, {REFUSED, REFUSED}, {REFUSED, REFUSED},
	{ACCEPTED, ACCEPTED}},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define VERSIONS 2

static struct wire_request
request_with(enum wire_type type, const struct value *value)
{
	int directory = type == WIRE_DIRECTORY;
	struct wire_request request = {
	    .kind = directory ? WIRE_KIND_DIRECTORY : WIRE_KIND_FILE,
	    .mode = 0755,
	    .size = directory ? 0 : 8,
	    .path = {directory ? "directory" : "file", directory ? 9 : 4}};

	switch (value->field) {
	case KIND:
		request.kind = (enum wire_kind)value->value;
		break;
	case ATTRIBUTES:
		request.attributes = (unsigned)value->value;
		break;
	case WISHES:
		request.wishes = (unsigned)value->value;
		break;
	case MODE:
		request.mode = (uint32_t)value->value;
		break;
	case NANOSECONDS:
		request.nanoseconds = (uint32_t)value->value;
		break;
	case SIZE:
		request.size = value->value;
		break;
	case ALLOCATED:
		request.allocated = value->value;
		break;
	case DIGEST:
		request.digest = value->value;
		break;
	case PATH_LENGTH:
		request.path.length = (size_t)value->value;
		break;
	}
	return request;
}

static void
begin(unsigned version)
{
	reception_open(&reception, &store);
	reception.receive.version = version;
	reception_base(&reception, "");
}

static void
ask(enum wire_type type, uint32_t number, const struct wire_request *request)
{
	uint8_t payload[WIRE_REQUEST_SIZE + 16];

	client_queue(&reception.client, type, number, payload,
	    wire_write_request(payload, request));
}

/* After its result, the server discards the content of a put. */
static void
check_discard(enum wire_type type, uint32_t number)
{
	struct client *client = &reception.client;

	if (type == WIRE_PUT) {
		ck_assert_int_eq(reception.receive.state, RECEIVE_DISCARD);
		client_queue(client, WIRE_DATA, number, "content", 7);
		client_end(client, number, "other", 5);
	}
	ck_assert_int_eq(reception_run(&reception), 0);
	ck_assert_int_eq(reception.receive.state, RECEIVE_READY);
	reception_expect_silence(&reception);
}

static void
check_effect(enum wire_type type, unsigned version, const struct value *value,
    enum effect effect)
{
	const struct wire_request request = request_with(type, value);
	int result;

	begin(version);
	ask(type, 1, &request);
	result = reception_run(&reception);
	ck_assert_msg((result == -1) == (effect == ERROR),
	    "%s in version %u, field %d: %llu: %s", wire_type_name(type),
	    version, value->field, (unsigned long long)value->value,
	    reception.receive.fatal.text);
	if (effect == ERROR)
		ck_assert_int_eq(
		    reception.receive.fatal.status, STATUS_PROTOCOL);
	if (effect == REFUSED || effect == NOT_OFFERED) {
		client_expect_result(&reception.client, 1,
		    effect == REFUSED ? STATUS_REFUSED : STATUS_NOT_OFFERED);
		check_discard(type, 1);
	}
	if (effect == ACCEPTED && type == WIRE_ASK)
		client_expect(&reception.client, WIRE_GO, 1);
	reception_close(&reception);
	ck_assert(!file_exists("in/file"));
}

START_TEST(every_value_of_a_request_has_its_effect)
{
	const struct value *value = &values[_i];

	for (unsigned version = 1; version <= VERSIONS; version++) {
		check_effect(WIRE_PUT, version, value, value->put[version - 1]);
		check_effect(WIRE_ASK, version, value, value->ask[version - 1]);
		check_effect(WIRE_DIRECTORY, version, value,
		    value->directory[version - 1]);
	}
}
END_TEST

/* The second path is refused, so the content is discarded. */
START_TEST(hole_length_is_checked_in_every_state)
{
	static const uint64_t lengths[] = {0, (uint64_t)WIRE_HOLE_MAX + 1};
	static const char *const paths[] = {"file", "../file"};
	uint8_t payload[8];

	for (size_t i = 0; i < 4; i++) {
		begin(1);
		client_request(&reception.client, WIRE_PUT, 1, paths[i % 2],
		    WIRE_SIZE_UNKNOWN, 0);
		client_queue(&reception.client, WIRE_HOLE, 1, payload,
		    wire_write_hole(payload, WIRE_HOLE_MAX));
		ck_assert_int_eq(reception_run(&reception), 0);
		client_queue(&reception.client, WIRE_HOLE, 1, payload,
		    wire_write_hole(payload, lengths[i / 2]));
		reception_expect_error(&reception);
		reception_close(&reception);
	}
}
END_TEST

/* The second path is refused, so the content is discarded. */
START_TEST(abort_status_is_checked_in_every_state)
{
	static const char *const paths[] = {"file", "../file"};

	for (int status = 0; status <= STATUS_WIRE; status++)
		for (size_t i = 0; i < 3; i++) {
			int good = status == STATUS_FAILED ||
			    status == STATUS_CHANGED ||
			    status == STATUS_CANCELLED;

			begin(1);
			client_request(&reception.client,
			    i < 2 ? WIRE_PUT : WIRE_ASK, 1, paths[i % 2], 8, 0);
			client_abort(
			    &reception.client, 1, (enum status)status, "");
			ck_assert_int_eq(
			    reception_run(&reception), good ? 0 : -1);
			reception_close(&reception);
		}
}
END_TEST

/* After the end frame, the file is closed, even without a result. */
START_TEST(connection_ends_when_an_abort_follows_an_end)
{
	static const char *const paths[] = {"file", "../file"};

	for (size_t i = 0; i < 2; i++) {
		begin(1);
		client_request(&reception.client, WIRE_PUT, 1, paths[i], 8, 0);
		client_end(&reception.client, 1, "", 0);
		client_abort(&reception.client, 1, STATUS_CANCELLED, "");
		reception_expect_error(&reception);
		reception_close(&reception);
	}
}
END_TEST

/* A go that is not used has no result. */
START_TEST(bye_is_accepted_when_a_go_is_unused)
{
	begin(1);
	client_request(&reception.client, WIRE_ASK, 1, "file", 8, 0);
	client_queue(&reception.client, WIRE_BYE, 0, NULL, 0);
	reception_finish(&reception);
	ck_assert_int_eq(reception.receive.state, RECEIVE_CLOSED);
	client_expect(&reception.client, WIRE_GO, 1);
	reception_expect_silence(&reception);
	reception_close(&reception);
	ck_assert(!file_exists("in/file"));
}
END_TEST

/* If the base names one file, only one request is valid. */
START_TEST(second_request_ends_the_connection_when_the_base_has_a_name)
{
	static const enum wire_type types[] = {
	    WIRE_PUT, WIRE_ASK, WIRE_DIRECTORY};
	struct client *client = &reception.client;

	for (size_t i = 0; i < COUNT(types); i++) {
		reception_open(&reception, &store);
		client_base(client, WIRE_BASE_RESOLVE, "name");
		client_request(client, WIRE_ASK, 1, "", 8, 0);
		ck_assert_int_eq(reception_run(&reception), 0);
		client_expect_based(client, "", "name");
		client_expect(client, WIRE_GO, 1);
		client_request(client, types[i], 2, "other",
		    types[i] == WIRE_DIRECTORY ? 0 : 8, 0);
		reception_expect_error(&reception);
		reception_close(&reception);
	}
}
END_TEST

/* In base, waiting and bye, any request number is valid. */
START_TEST(number_is_ignored_when_the_frame_has_no_request)
{
	struct client *client = &reception.client;

	reception_open(&reception, &store);
	client_queue(client, WIRE_BASE, 7, "\0", 1);
	client_queue(client, WIRE_WAITING, 9, NULL, 0);
	client_put(client, 1, "file", "x");
	client_queue(client, WIRE_BYE, 5, NULL, 0);
	reception_finish(&reception);
	ck_assert_int_eq(reception.receive.state, RECEIVE_CLOSED);
	client_expect_based(client, "", "");
	client_expect_result(client, 1, STATUS_STORED);
	reception_close(&reception);
}
END_TEST

/* Without the attribute or wish, any value is valid. */
START_TEST(time_and_digest_are_ignored_when_not_requested)
{
	const struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .seconds = INT64_MIN,
	    .nanoseconds = 999999999,
	    .size = 1,
	    .digest = UINT64_MAX,
	    .path = {"file", 4}};
	struct client *client = &reception.client;

	begin(1);
	ask(WIRE_PUT, 1, &request);
	client_queue(client, WIRE_DATA, 1, "x", 1);
	client_end(client, 1, "x", 1);
	reception_finish(&reception);
	client_expect_result(client, 1, STATUS_STORED);
	reception_close(&reception);
}
END_TEST

/* A restart is valid even if there is nothing to drop. */
START_TEST(restart_is_accepted_when_the_go_has_offset_0)
{
	struct client *client = &reception.client;
	struct wire_go go;

	begin(1);
	client_request(client, WIRE_ASK, 1, "file", 5, WIRE_RESUME);
	client_queue(client, WIRE_RESTART, 1, NULL, 0);
	client_queue(client, WIRE_DATA, 1, "hello", 5);
	client_end(client, 1, "hello", 5);
	reception_finish(&reception);
	client_expect(client, WIRE_GO, 1);
	ck_assert_int_eq(
	    wire_read_go(client->frame.payload, client->frame.length, &go), 0);
	ck_assert(go.offset == 0 && go.digest == 0xef46db3751d8e999);
	client_expect_result(client, 1, STATUS_STORED);
	reception_close(&reception);
	file_expect_text("in/file", "hello");
}
END_TEST

/* The limit of 1 MiB for a put is a rule for clients only. */
START_TEST(put_is_accepted_at_any_size)
{
	enum {
		PIECE = 1 << 16
	};
	static uint8_t content[2 << 20];
	struct client *client = &reception.client;

	begin(1);
	client_request(client, WIRE_PUT, 1, "large", sizeof(content), 0);
	for (size_t at = 0; at < sizeof(content); at += PIECE) {
		client_queue(client, WIRE_DATA, 1, content, PIECE);
		ck_assert_int_eq(reception_run(&reception), 0);
	}
	client_end(client, 1, content, sizeof(content));
	reception_finish(&reception);
	client_expect_result(client, 1, STATUS_STORED);
	reception_close(&reception);
}
END_TEST

/* ftx-protocol(5) gives the order. */
START_TEST(wishes_are_applied_in_order)
{
	struct client *client = &reception.client;

	file_make("in/there", "there");
	begin(1);
	/* If the digest is equal, it decides before no-clobber. */
	const struct wire_request same = {.kind = WIRE_KIND_FILE,
	    .wishes = WIRE_UNLESS_DIGEST | WIRE_NO_CLOBBER | WIRE_DRY_RUN,
	    .size = 5,
	    .digest = script_digest("there", 5),
	    .path = {"there", 5}};
	ask(WIRE_ASK, 1, &same);
	/* If the digest differs, no-clobber decides. */
	client_request(client, WIRE_ASK, 2, "there", 5,
	    WIRE_UNLESS_DIGEST | WIRE_NO_CLOBBER);
	/* No-clobber decides before a dry run. */
	client_request(
	    client, WIRE_ASK, 3, "there", 5, WIRE_NO_CLOBBER | WIRE_DRY_RUN);
	client_request(client, WIRE_ASK, 4, "there", 5, WIRE_DRY_RUN);
	reception_finish(&reception);
	client_expect_result(client, 1, STATUS_UNCHANGED);
	client_expect_result(client, 2, STATUS_EXISTS);
	client_expect_result(client, 3, STATUS_EXISTS);
	client_expect_result(client, 4, STATUS_WOULD_STORE);
	reception_close(&reception);
}
END_TEST

START_TEST(directory_request_has_a_result)
{
	struct client *client = &reception.client;
	struct wire_result result;

	begin(1);
	client_request(client, WIRE_DIRECTORY, 1, "new", 0, WIRE_DRY_RUN);
	client_request(client, WIRE_DIRECTORY, 2, "new", 0, 0);
	client_request(client, WIRE_DIRECTORY, 3, "new", 0, 0);
	client_request(client, WIRE_DIRECTORY, 4, "new", 0, WIRE_DRY_RUN);
	reception_finish(&reception);
	client_expect_result(client, 1, STATUS_WOULD_STORE);
	client_expect_result(client, 4, STATUS_WOULD_STORE);
	for (uint32_t number = 2; number <= 3; number++) {
		result = client_expect_result(client, number, STATUS_STORED);
		ck_assert(result.durable);
		ck_assert(result.size == 0 && result.digest == 0);
	}
	reception_close(&reception);
}
END_TEST

/* The server refuses the ask itself, and creates nothing. */
START_TEST(request_is_refused_when_sync_is_required_but_off)
{
	struct client *client = &reception.client;

	for (int kind = 0; kind < 3; kind++) {
		store.sync = kind != 0;
		store.unsyncable = kind == 1;
		begin(2);
		client_request(
		    client, WIRE_ASK, 1, "a/file", 4, WIRE_REQUIRE_SYNC);
		client_request(
		    client, WIRE_DIRECTORY, 2, "b", 0, WIRE_REQUIRE_SYNC);
		client_request(client, WIRE_ASK, 3, "c/file", 4, 0);
		reception_finish(&reception);
		if (kind < 2) {
			client_expect_result(client, 1, STATUS_REFUSED);
			client_expect_result(client, 2, STATUS_REFUSED);
			client_expect(client, WIRE_GO, 3);
			ck_assert(!file_exists("in/a") && !file_exists("in/b"));
		} else {
			client_expect(client, WIRE_GO, 1);
			client_expect(client, WIRE_GO, 3);
			client_expect_result(client, 2, STATUS_STORED);
		}
		reception_close(&reception);
	}
}
END_TEST

Suite *
frames_values_suite(void)
{
	Suite *suite = suite_create("frames_values");
	TCase *tcase = support_case("values");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, every_value_of_a_request_has_its_effect, 0,
	    (int)COUNT(values));
	tcase_add_test(tcase, hole_length_is_checked_in_every_state);
	tcase_add_test(tcase, abort_status_is_checked_in_every_state);
	tcase_add_test(tcase, connection_ends_when_an_abort_follows_an_end);
	tcase_add_test(tcase, bye_is_accepted_when_a_go_is_unused);
	tcase_add_test(
	    tcase, second_request_ends_the_connection_when_the_base_has_a_name);
	tcase_add_test(tcase, number_is_ignored_when_the_frame_has_no_request);
	tcase_add_test(tcase, time_and_digest_are_ignored_when_not_requested);
	tcase_add_test(tcase, restart_is_accepted_when_the_go_has_offset_0);
	tcase_add_test(tcase, put_is_accepted_at_any_size);
	tcase_add_test(tcase, wishes_are_applied_in_order);
	tcase_add_test(tcase, directory_request_has_a_result);
	tcase_add_test(tcase, request_is_refused_when_sync_is_required_but_off);
	suite_add_tcase(suite, tcase);
	return suite;
}
