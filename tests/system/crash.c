/* SPDX-License-Identifier: ISC */
/* Power is cut before each call of a put: stored files survive. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lab/disk.h"
#include "tests/lab/stepper.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define IMAGE "disk"
#define FILES 32
#define VERSIONS 2
/* Earlier calls only accept the connection and send the greeting. */
#define FIRST_CALL 11
#define ABSENT (-1)
#define BROKEN (-2)

/* The client must not retry. */
#define PUT                                                                    \
	"ftx", "put", "-vrp", "-j", "1", "-o", "retry=0", "-o",                \
	    "queue-timeout=1s"

/* A put that is repeated, with a power cut each time. */
struct scene {
	int many;	   /* nonzero: a tree of FILES files; 0: one file */
	int over;	   /* each put replaces the files of the last one */
	const char *below; /* new parent directories */
	/*
	 * Calls between cuts in the short form, for each kind of disk; 0: skip.
	 */
	unsigned strides[DISK_KINDS];
};

static const struct scene scenes[] = {
    {0, 0, "", {5, 17, 17}},
    {0, 1, "", {5, 17, 17}},
    {0, 0, "/a/b/c", {9, 0, 0}},
    {1, 0, "", {97, 0, 0}},
    {1, 1, "", {97, 211, 211}},
};

#define SCENES ((int)(sizeof(scenes) / sizeof(scenes[0])))

static struct server server;
static struct run run;
/* For the controls: the sync that is left out or comes late. */
static const struct plan_fault *control;
static struct plan plan;
static char sources[VERSIONS][FILES][32];
static char target[64], paths[FILES][128];
static int before[FILES]; /* the version before the put, or ABSENT */
static unsigned rounds;

static void
make_sources(void)
{
	static const char *const directories[] = {"", "a/", "a/b/", "a/b/c/"};
	static const uint64_t sizes[] = {1, 300, 5000, 70000, 4096};
	struct timespec times[2] = {{.tv_sec = 1000000000}, {0, 123456789}};
	char directory[32];

	for (int version = 0; version < VERSIONS; version++) {
		snprintf(directory, sizeof(directory), "v%d", version);
		directory_make(directory);
		for (int i = 1; i < 4; i++) {
			snprintf(directory, sizeof(directory), "v%d/%s",
			    version, directories[i]);
			directory_make(directory);
		}
		for (int i = 0; i < FILES; i++) {
			char *path = sources[version][i];

			snprintf(path, sizeof(sources[0][0]), "v%d/%sf%d",
			    version, directories[i % 4], i);
			file_make(path, sizes[i % 5] + version, (unsigned)i);
			ck_assert_int_eq(
			    chmod(path, (mode_t)(0600 + i * 2)), 0);
			times[1].tv_sec = 1000000000 + i + version * 100;
			ck_assert_int_eq(
			    utimensat(AT_FDCWD, path, times, 0), 0);
		}
	}
	file_make("probe", 3000, 9);
}

static void
begin(void)
{
	harness_begin();
	make_sources();
}

/* Returns nonzero if the copy has the source's bytes, mode and time. */
static int
is_whole(const char *source, const char *copy)
{
	struct stat wanted, found;

	return file_equal(source, copy) && stat(source, &wanted) == 0 &&
	    stat(copy, &found) == 0 && wanted.st_mode == found.st_mode &&
	    wanted.st_mtim.tv_sec == found.st_mtim.tv_sec &&
	    wanted.st_mtim.tv_nsec == found.st_mtim.tv_nsec;
}

/*
 * Returns the version of the file, ABSENT, or BROKEN if it matches no version.
 */
static int
version_of(int file)
{
	for (int version = 0; version < VERSIONS; version++)
		if (is_whole(sources[version][file], paths[file]))
			return version;
	return file_exists(paths[file]) ? BROKEN : ABSENT;
}

/* Set the target, the paths, and the versions before the put. */
static void
choose_target(const struct scene *scene, unsigned step)
{
	int index = (int)(scene - scenes), count = scene->many ? FILES : 1;

	if (scene->over)
		snprintf(target, sizeof(target), "over-%d", index);
	else
		snprintf(target, sizeof(target), "new-%d-%u%s", index, step,
		    scene->below);
	for (int i = 0; i < count; i++) {
		snprintf(paths[i], sizeof(paths[i]), "in/%s/%s", target,
		    strchr(sources[0][i], '/') + 1);
		if (!scene->many)
			*strrchr(paths[i], '/') = '\0';
		before[i] = version_of(i);
	}
}

/* Start the server after a cut.  It must remove staged files, and work. */
static pid_t
start(void)
{
	static const char *const none[] = {NULL};
	static const char *const arguments[] = {
	    "-w", "1", "-o", "min-free=0", NULL};
	pid_t workers[SERVER_WORKERS];

	server_start_by(
	    &server, control != NULL ? plan.launcher : none, arguments);
	server_expect_workers(&server, workers, 1);
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
	put_good(&server, "probe", "probe");
	return workers[0];
}

/*
 * Let the worker make this many calls.  With a control, count from the first
 * call that the fault hits.  Returns nonzero if the worker got there before the
 * client ended.
 */
static int
step_worker(pid_t worker, unsigned step)
{
	int came = 1;

	while (
	    control != NULL && came == 1 && atomic_load(&plan.shared->hit) == 0)
		came = stepper_go(worker, 1, run.pid);
	if (came == 1)
		came = stepper_go(worker, step, run.pid);
	ck_assert_int_ge(came, 0);
	return came;
}

/* Returns nonzero if power was cut during the put, zero if it had ended. */
static int
put_and_cut(const char *source, unsigned step)
{
	char where[80];
	pid_t worker = start();
	int came;

	snprintf(where, sizeof(where), "127.0.0.1:%s", target);
	if (control != NULL)
		plan_arm(&plan, control, 1, 1);
	ck_assert_int_eq(stepper_begin(worker), 0);
	RUN_BEGIN(&run, PUT, source, where);
	came = step_worker(worker, step);
	disk_cut("in");
	server_kill(&server);
	stepper_end(worker);
	run_finish(&run);
	if (control != NULL)
		plan_disarm(&plan);
	disk_restore(IMAGE, "in");
	return came;
}

/* Returns nonzero if the client reported this source as stored and synced. */
static int
was_stored(const char *source)
{
	char line[64];
	const char *reported;

	snprintf(line, sizeof(line), "stored %s -> ", source);
	reported = strstr(run.err, line);
	return reported != NULL &&
	    strstr(reported, "synced") < strchr(reported, '\n');
}

/* Returns how many files are wrong after the cut. */
static int
count_wrong(const struct scene *scene, int version, unsigned step)
{
	int broken = 0, stored = 0, count = scene->many ? FILES : 1;

	for (int i = 0; i < count; i++) {
		int reported = was_stored(sources[version][i]);
		int now = version_of(i);

		stored += reported;
		if (now == version || (!reported && now == before[i]))
			continue;
		broken++;
		if (control == NULL)
			printf(
			    "crash: scene %d, call %u: %s is %d, was %d, %s\n",
			    (int)(scene - scenes), step, paths[i], now,
			    before[i], reported ? "stored" : "not reported");
	}
	ck_assert(run.status != 0 || stored == count);
	return broken;
}

/* Remove the files of the last put. */
static void
clear(const struct scene *scene)
{
	char path[80];

	if (scene->over)
		return;
	snprintf(path, sizeof(path), "in/%s", target);
	ck_assert_int_eq(directory_remove(path), 0);
}

/*
 * Run the put of the scene, and cut power before this call.  Returns nonzero if
 * power was cut during the put.  Adds the number of wrong files to *broken.
 */
static int
run_scene(const struct scene *scene, unsigned step, int *broken)
{
	int version = (int)(++rounds % VERSIONS), came;
	char tree[8];

	snprintf(tree, sizeof(tree), "v%d/", version);
	choose_target(scene, step);
	came = put_and_cut(scene->many ? tree : sources[version][0], step);
	*broken += count_wrong(scene, version, step);
	clear(scene);
	return came;
}

/* Returns nonzero if there is a disk, zero if the test was skipped. */
static int
has_disk(enum disk_kind kind)
{
	if (disk_begin_as(kind, IMAGE, "in") == 0)
		return 1;
	harness_skip(disk_name(kind), "not all that it needs is there");
	return 0;
}

/*
 * Returns how many calls apart the cuts are.  tests/endurance cuts at nearly
 * all.
 */
static unsigned
stride_of(const struct scene *scene, enum disk_kind kind)
{
	if (getenv("FTX_ENDURANCE") == NULL)
		return scene->strides[kind];
	return scene->many && kind != DISK_EXT4 ? 3 : 1;
}

START_TEST(stored_files_survive_when_power_is_cut)
{
	const struct scene *scene = &scenes[_i % SCENES];
	enum disk_kind kind = (enum disk_kind)(_i / SCENES);
	unsigned stride = stride_of(scene, kind);
	unsigned step = FIRST_CALL;
	int broken = 0;

	if (stride == 0 || !has_disk(kind))
		return;
	while (run_scene(scene, step, &broken))
		step += stride;
	ck_assert_msg(run.status == 0, "%s", run.err);
	printf("crash: %s, scene %d: %u power cuts up to call %u\n",
	    disk_name(kind), _i % SCENES, rounds, step);
	ck_assert_int_eq(broken, 0);
	ck_assert_uint_gt(rounds, 2);
	disk_end(IMAGE, "in");
}
END_TEST

/* Each control leaves out or delays a sync.  A cut must then break a file. */
static const struct {
	struct plan_fault missing;
	const struct scene *scene;
	unsigned stride;
} controls[] = {
    /* The file is not synced. */
    {{FAULT_FSYNC, FAULT_A_FILE, FAULT_SKIP, 0, 0, 0}, &scenes[0], 4},
    /* The directory is not synced. */
    {{FAULT_FSYNC, FAULT_A_DIRECTORY, FAULT_SKIP, 0, 0, 0}, &scenes[0], 4},
    /* Files are synced after their rename. */
    {{FAULT_FSYNC, FAULT_A_FILE, FAULT_HOLD, 0, FAULT_RENAME, FAULT_ANYTHING},
	&scenes[3], 60},
    /* The directory is synced after the result is sent. */
    {{FAULT_FSYNC, FAULT_A_DIRECTORY, FAULT_HOLD, 0, FAULT_WRITE, FAULT_A_PEER},
	&scenes[0], 1},
};

#define CONTROLS ((int)(sizeof(controls) / sizeof(controls[0])))

START_TEST(loss_is_noticed_when_a_sync_is_left_out)
{
	int which = _i % CONTROLS;
	enum disk_kind kind = (enum disk_kind)(_i / CONTROLS);
	const struct scene *scene = controls[which].scene;
	unsigned step = 1;
	int broken = 0;

	/* Only the long form runs all controls on each kind of disk. */
	if (getenv("FTX_ENDURANCE") == NULL && kind != DISK_EXT4 && which > 1)
		return;
	if (plan_make(&plan, "plan") != 0 || !has_disk(kind))
		return;
	control = &controls[which].missing;
	while (run_scene(scene, step, &broken) && broken == 0)
		step += controls[which].stride;
	ck_assert_int_gt(broken, 0);
	printf("crash: %s, control %d was caught at power cut %u\n",
	    disk_name(kind), which, rounds);
	disk_end(IMAGE, "in");
}
END_TEST

Suite *
crash_suite(void)
{
	Suite *suite = suite_create("crash");
	TCase *tcase = tcase_create("power");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 1200);
	tcase_add_loop_test(tcase, stored_files_survive_when_power_is_cut, 0,
	    SCENES * DISK_KINDS);
	tcase_add_loop_test(tcase, loss_is_noticed_when_a_sync_is_left_out, 0,
	    CONTROLS * DISK_KINDS);
	suite_add_tcase(suite, tcase);
	return suite;
}
