/* SPDX-License-Identifier: ISC */
/* File systems of many kinds, each in an image file. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif

#include "tests/lab/volume.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/run.h"

/* In bytes.  The image is sparse, so only written blocks take space. */
#define IMAGE_SIZE (320 << 20)

int
volume_unshare_mounts(void)
{
#if defined(__linux__)
	struct run run;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0)
		return -1;
	RUN(&run, "mount", "--make-rprivate", "/");
	return run.status == 0 ? 0 : -1;
#else
	return -1;
#endif
}

/* Run lines of sh.  Returns their exit status. */
static int
shell(const struct volume *volume, const char *lines, struct run *run)
{
	RUN(run, "sh", "-ec", lines, "sh", volume->image, volume->directory);
	return run->status;
}

static void
shell_check(const struct volume *volume, const char *lines)
{
	struct run run;

	if (lines == NULL)
		return;
	ck_assert_msg(shell(volume, lines, &run) == 0, "%s: \"%s\": %s%s",
	    volume->kind->name, lines, run.out, run.err);
}

static dev_t
device_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_dev : 0;
}

/*
 * Start a process that keeps the mount until the FUSE server has ended, even if
 * the test and the server are killed.  If the server were the last process in
 * the namespace, its exit would unmount the file system, and wait for itself.
 */
#define KEEPER                                                                 \
	"rm -f \"$1.alive\"; mkfifo \"$1.alive\"; "                            \
	"setsid sh -c 'read -r end <\"$1\"; sleep 1' sh \"$1.alive\" & "       \
	"exec 9>\"$1.alive\"; "

/* Start the FUSE server as a child, and wait until it has mounted. */
static void
serve(struct volume *volume)
{
	char lines[1024];
	const char *const argv[] = {
	    "sh", "-ec", lines, "sh", volume->image, volume->directory, NULL};
	dev_t before = device_of(volume->directory);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(null, 0);
	snprintf(lines, sizeof(lines), "%s%s", KEEPER, volume->kind->serve);
	volume->server = harness_spawn(argv, null, null);
	close(null);
	eventually(device_of(volume->directory) != before, HARNESS_TIMEOUT);
}

static void
mount_it(struct volume *volume)
{
	shell_check(volume, volume->kind->mount);
	if (volume->kind->serve != NULL)
		serve(volume);
}

static void
unmount_it(struct volume *volume)
{
	int status;

	shell_check(volume,
	    volume->kind->unmount != NULL ? volume->kind->unmount
					  : "umount \"$2\"");
	if (volume->server != 0)
		ck_assert_int_eq(
		    waitpid(volume->server, &status, 0), volume->server);
	volume->server = 0;
}

int
volume_begin(struct volume *volume, const struct volume_kind *kind,
    const char *image, const char *directory)
{
	struct run run;

	*volume = (struct volume){
	    .kind = kind, .image = image, .directory = directory};
	if (volume_unshare_mounts() != 0 ||
	    (kind->needs != NULL && shell(volume, kind->needs, &run) != 0))
		return -1;
	file_write(image, "");
	ck_assert_int_eq(truncate(image, IMAGE_SIZE), 0);
	if (!file_exists(directory))
		directory_make(directory);
	shell_check(volume, kind->make);
	mount_it(volume);
	return 0;
}

void
volume_remount(struct volume *volume)
{
	unmount_it(volume);
	mount_it(volume);
}

void
volume_end(struct volume *volume)
{
	unmount_it(volume);
	shell_check(volume, volume->kind->check);
}
