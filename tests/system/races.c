/* SPDX-License-Identifier: ISC */
/* An attacker swaps names below the directory; nothing outside changes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/digest.h"
#include "tests/lab/filter.h"
#include "tests/lab/racer.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* Content of a file outside, and of the file that the client sends. */
#define SECRET "what is out of reach"
#define CONTENT "what the client sends"
/* Milliseconds for each race; 20 times as long for tests/endurance. */
#define BUDGET 500
#define STORED_MAX 200000
/* Requests in one session. */
#define VISIT 10

/*
 * What the attacker replaces: the directory "in/d" by a link and back, or the
 * name "in/t" by each kind of file in turn.
 */
enum prey {
	PREY_DIRECTORY,
	PREY_NAME
};

/* The request that is repeated during a race. */
struct race {
	enum prey prey;
	enum wire_type type;
	unsigned wishes, attributes;
	const char *path; /* # stands for the number of the request */
	uint64_t size;
	const char *content; /* the request has its digest; or NULL */
};

#define LARGE (1 << 20)
static const struct race races[] = {
    {PREY_DIRECTORY, WIRE_PUT, 0, WIRE_EXACT_MODE | WIRE_TIME, "d/p#", 21,
	NULL},
    {PREY_DIRECTORY, WIRE_ASK, WIRE_NO_CLOBBER, 0, "d/c#", 21, NULL},
    {PREY_DIRECTORY, WIRE_PUT, 0, 0, "d/m#/x/f", 21, NULL},
    {PREY_DIRECTORY, WIRE_PUT, 0, 0, "d/e/f#", 21, NULL},
    {PREY_DIRECTORY, WIRE_DIRECTORY, 0, WIRE_EXACT_MODE | WIRE_TIME, "d", 0,
	NULL},
    {PREY_DIRECTORY, WIRE_DIRECTORY, 0, 0, "d/n#", 0, NULL},
    {PREY_DIRECTORY, WIRE_ASK, WIRE_UNLESS_DIGEST, 0, "d/f", 20, SECRET},
    {PREY_DIRECTORY, WIRE_ASK, WIRE_RESUME, 0, "d/r#", LARGE, NULL},
    {PREY_NAME, WIRE_PUT, 0, WIRE_EXACT_MODE | WIRE_TIME, "t", 21, NULL},
    {PREY_NAME, WIRE_ASK, WIRE_NO_CLOBBER, 0, "t", 21, NULL},
    {PREY_NAME, WIRE_ASK, WIRE_UNLESS_DIGEST, 0, "t", 20, SECRET},
    {PREY_NAME, WIRE_ASK, WIRE_RESUME, WIRE_TIME, "t", LARGE, NULL},
    {PREY_NAME, WIRE_DIRECTORY, 0, WIRE_EXACT_MODE | WIRE_TIME, "t", 0, NULL},
};
#define RACES ((int)(sizeof(races) / sizeof(races[0])))

/* All files and directories outside; none of them may change. */
static const char *const outside[] = {
    "outside", "outside/f", "outside/twin", "outside/e", "outside/e/f"};
#define OUTSIDE (sizeof(outside) / sizeof(outside[0]))

static struct server server;
static struct plan plan;
static struct stat before[OUTSIDE];
static uint8_t content[LARGE];
static unsigned stored[STORED_MAX], stored_count;
static uint32_t number; /* of requests */
static unsigned counts[STATUS_WIRE];

static void
stat_outside(struct stat seen[OUTSIDE])
{
	for (size_t i = 0; i < OUTSIDE; i++)
		ck_assert_int_eq(lstat(outside[i], &seen[i]), 0);
}

static void
begin(void)
{
	const struct timespec times[2] = {{1000000000, 1}, {1000000000, 2}};
	char here[HARNESS_PATH / 2], target[HARNESS_PATH];

	harness_begin();
	memcpy(content, CONTENT, sizeof(CONTENT));
	directory_make("outside");
	directory_make("outside/e");
	file_write("outside/f", SECRET);
	file_write("outside/twin", "twin");
	file_write("outside/e/f", "within");
	for (size_t i = OUTSIDE; i > 0; i--)
		ck_assert_int_eq(
		    utimensat(AT_FDCWD, outside[i - 1], times, 0), 0);
	stat_outside(before);
	directory_make("in");
	directory_make("in/d");
	file_write("in/t", "the first");
	directory_make("in/d/e");
	directory_make("attic");
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(target, sizeof(target), "%s/outside", here);
	ck_assert_int_eq(symlink(target, "attic/d"), 0);
}

/* Returns how many files and directories outside have changed. */
static int
count_touched(void)
{
	struct stat now[OUTSIDE];
	int touched = directory_count("outside") != 3 ||
	    directory_count("outside/e") != 1;
	char *text = file_read("outside/f");

	touched += strcmp(text, SECRET) != 0;
	free(text);
	stat_outside(now);
	for (size_t i = 0; i < OUTSIDE; i++)
		touched += now[i].st_mode != before[i].st_mode ||
		    now[i].st_ino != before[i].st_ino ||
		    now[i].st_size != before[i].st_size ||
		    now[i].st_mtim.tv_sec != before[i].st_mtim.tv_sec ||
		    now[i].st_mtim.tv_nsec != before[i].st_mtim.tv_nsec;
	return touched;
}

static uint64_t
digest_of(const char *text)
{
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, text, strlen(text));
	return digest_value(&digest);
}

/* Set out to root and the path of a request. */
static void
name_path(char out[64], const char *root, const struct race *race, unsigned try)
{
	size_t length = strcspn(race->path, "#");

	if (race->path[length] == '\0')
		snprintf(out, 64, "%s%s", root, race->path);
	else
		snprintf(out, 64, "%s%.*s%u%s", root, (int)length, race->path,
		    try, race->path + length + 1);
}

static void
add_content(struct script *script, const struct race *race)
{
	script_frame(script, WIRE_DATA, number, content, (size_t)race->size);
	script_end_of(script, number, content, (size_t)race->size);
}

static void
add_request(struct script *script, const struct race *race)
{
	uint8_t payload[WIRE_CONTROL_MAX];
	char path[64];
	struct wire_request request = {.kind = race->type == WIRE_DIRECTORY
		? WIRE_KIND_DIRECTORY
		: WIRE_KIND_FILE,
	    .attributes = race->attributes,
	    .wishes = race->wishes,
	    .mode = 0700,
	    .seconds = 1234567890,
	    .size = race->size,
	    .allocated = race->size,
	    .digest = race->content != NULL ? digest_of(race->content) : 0};

	name_path(path, "", race, number);
	request.path.bytes = path;
	request.path.length = strlen(path);
	script_frame(script, race->type, number, payload,
	    wire_write_request(payload, &request));
	if (race->type == WIRE_PUT)
		add_content(script, race);
}

/* Send one request, and its content.  Returns the status of its result. */
static enum status
send_one(struct client *peer, const struct race *race)
{
	struct script *script = script_new();
	struct wire_result answer;

	number++;
	add_request(script, race);
	client_play(peer, script);
	ck_assert_msg(client_next(peer), "the server closed the connection");
	if (peer->frame.type == WIRE_GO && race->type == WIRE_ASK) {
		script = script_new();
		add_content(script, race);
		client_play(peer, script);
	}
	if (peer->frame.type == WIRE_GO)
		ck_assert_msg(
		    client_next(peer), "the server closed the connection");
	ck_assert_msg(peer->frame.type == WIRE_RESULT, "%s: %s",
	    wire_type_name(peer->frame.type), client_text(peer));
	ck_assert_int_eq(
	    wire_read_result(peer->payload, peer->frame.length, &answer), 0);
	return answer.status;
}

/* Send some requests in a new session, which opens all directories anew. */
static void
run_session(const struct race *race)
{
	struct script *script = script_new();
	struct client peer;

	script_begin(script);
	peer_start(&peer, server.port, script);
	for (int i = 0; i < VISIT && stored_count < STORED_MAX; i++) {
		enum status status = send_one(&peer, race);

		counts[status]++;
		if (status == STATUS_STORED)
			stored[stored_count++] = number;
	}
	client_close(&peer);
}

/*
 * Repeat sessions until the budget is spent.  The control ends earlier, when
 * the attacker has got out.
 */
static void
run_sessions(const struct race *race, int64_t budget)
{
	io_time until = io_now() + budget;

	while (io_now() < until && stored_count < STORED_MAX &&
	    (plan.shared == NULL ||
		counts[STATUS_UNCHANGED] + count_touched() == 0))
		run_session(race);
	printf("races: %s: %u tries, %u stored, %u refused, %u failed\n",
	    race->path, (unsigned)number, counts[STATUS_STORED],
	    counts[STATUS_REFUSED], counts[STATUS_FAILED]);
	ck_assert_uint_eq(number,
	    counts[STATUS_STORED] + counts[STATUS_REFUSED] +
		counts[STATUS_FAILED] + counts[STATUS_EXISTS] +
		counts[STATUS_UNCHANGED]);
}

/*
 * Returns how many stored files are missing.  They must be in the directory,
 * whether it is "in/d" or "attic/d" now.
 */
static int
count_lost(const struct race *race)
{
	const char *root = "in/";
	char path[64];
	struct stat found;
	int lost = 0;

	if (race->prey == PREY_NAME)
		return 0;
	if (lstat("in/d", &found) == 0 && S_ISLNK(found.st_mode))
		root = "attic/";
	for (unsigned i = 0; i < stored_count; i++) {
		name_path(path, root, race, stored[i]);
		lost += stat(path, &found) != 0 ||
		    (race->type != WIRE_DIRECTORY &&
			(uint64_t)found.st_size != race->size);
	}
	return lost;
}

/* Returns 0, or skips the test and returns -1 if names cannot be exchanged. */
static int
begin_attack(struct racer *racer, enum prey prey)
{
	if (prey == PREY_NAME)
		return racer_replace(
		    racer, "in/t", "attic/t", "../outside/f", "outside/twin");
	if (racer_swap(racer, "in/d", "attic/d") == 0)
		return 0;
	harness_skip("races", "only Linux exchanges names");
	return -1;
}

/* Returns the number of violations, or -1 if the test is skipped. */
static int
run_race(const struct race *race, const char *const launcher[], int64_t budget)
{
	static const char *const arguments[] = {
	    "-w", "1", "-o", "fsync=no", "-o", "min-free=0", NULL};
	pid_t workers[SERVER_WORKERS], after[SERVER_WORKERS];
	struct racer racer;

	/* Landlock would hide that a path leads outside. */
	if (filter_refuse(filter_landlock, ENOSYS) != 0) {
		harness_skip("filter", strerror(errno));
		return -1;
	}
	server_start_by(&server, launcher, arguments);
	server_expect_workers(&server, workers, 1);
	if (plan.shared != NULL)
		plan_arm(&plan,
		    &(const struct plan_fault){
			FAULT_OPEN, FAULT_ANYTHING, FAULT_FOLLOW, 0, 0, 0},
		    1, 1);
	if (begin_attack(&racer, race->prey) != 0) {
		server_stop(&server);
		return -1;
	}
	eventually(atomic_load(racer.turns) > 0, HARNESS_TIMEOUT);
	run_sessions(race, budget);
	ck_assert_int_eq(racer_stop(&racer), 0);
	server_expect_workers(&server, after, 1);
	ck_assert_int_eq(workers[0], after[0]);
	server_stop(&server);
	return (int)counts[STATUS_UNCHANGED] + count_touched() +
	    count_lost(race);
}

START_TEST(nothing_outside_is_touched_when_names_are_swapped)
{
	static const char *const none[] = {NULL};
	int64_t budget = getenv("FTX_ENDURANCE") != NULL ? 20 * BUDGET : BUDGET;

	ck_assert_int_le(run_race(&races[_i], none, budget), 0);
}
END_TEST

/*
 * The control: without O_NOFOLLOW the attacker must get out in each race.
 * Otherwise the races prove nothing.
 */
START_TEST(attacker_escapes_when_links_are_followed)
{
	static const int all[] = {0, 1, 2, 3, 4, 5, 6, 10};
	const struct race *race = &races[all[_i]];

	if (plan_make(&plan, "plan") != 0)
		return;
	ck_assert_int_ne(run_race(race, plan.launcher, 20 * BUDGET), 0);
	plan_disarm(&plan);
}
END_TEST

Suite *
races_suite(void)
{
	Suite *suite = suite_create("races");
	TCase *tcase = tcase_create("races");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(
	    tcase, nothing_outside_is_touched_when_names_are_swapped, 0, RACES);
	tcase_add_loop_test(
	    tcase, attacker_escapes_when_links_are_followed, 0, 8);
	suite_add_tcase(suite, tcase);
	return suite;
}
