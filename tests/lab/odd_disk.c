/* SPDX-License-Identifier: ISC */
/*
 * A small FUSE file system in memory that lacks chosen features.  Source of the
 * protocol: linux/fuse.h, version 7.31.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "tests/lab/odd_disk.h"

#include "tests/system/files.h"
#include "tests/system/harness.h"

#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODES 1024
#define WRITE_MOST 65536
#define MESSAGE (WRITE_MOST + 4096)
#define CASEFOLD 0x40000000u
#define SHOWN_FOR 1 /* seconds that the kernel caches attributes */

struct node {
	uint64_t parent; /* 0: removed */
	char name[256];
	mode_t mode;
	int folds;
	int64_t seconds;
	uint32_t nanoseconds;
	size_t size;
	char *bytes;
};

static struct node nodes[NODES];
static uint64_t made = FUSE_ROOT_ID;
static const struct odd_disk *odd;
static int device;

static void
reply(const struct fuse_in_header *in, int error, const void *out, size_t size)
{
	struct fuse_out_header header = {
	    (uint32_t)(sizeof(header) + size), -error, in->unique};
	struct {
		struct fuse_out_header header;
		char out[MESSAGE];
	} message;

	message.header = header;
	if (size > 0)
		memcpy(message.out, out, size);
	if (write(device, &message, header.len) == -1 && errno != ENOENT)
		_exit(1);
}

static char
lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c;
}

/* Fold a name to compare it: lower case; e and acute accent decomposed. */
static void
fold(char folded[512], const char *name)
{
	size_t length = 0;

	for (; *name != '\0'; name++)
		if (strncmp(name, "\xc3\xa9", 2) == 0 ||
		    strncmp(name, "\xc3\x89", 2) == 0) {
			memcpy(folded + length, "e\xcc\x81", 3);
			length += 3;
			name++;
		} else
			folded[length++] = lower(*name);
	folded[length] = '\0';
}

static int
is_name(const struct node *directory, const char *one, const char *other)
{
	char a[512], b[512];

	if (!directory->folds)
		return strcmp(one, other) == 0;
	fold(a, one);
	fold(b, other);
	return strcmp(a, b) == 0;
}

/* The node of that name, or 0. */
static uint64_t
find_node(uint64_t directory, const char *name)
{
	for (uint64_t id = FUSE_ROOT_ID + 1; id <= made; id++)
		if (nodes[id].parent == directory &&
		    is_name(&nodes[directory], name, nodes[id].name))
			return id;
	return 0;
}

static int
is_empty(uint64_t directory)
{
	for (uint64_t id = FUSE_ROOT_ID + 1; id <= made; id++)
		if (nodes[id].parent == directory)
			return 0;
	return 1;
}

static uint64_t
make_node(uint64_t directory, const char *name, mode_t mode)
{
	struct node *node;

	if (made + 1 == NODES)
		return 0;
	node = &nodes[++made];
	*node = (struct node){.parent = directory,
	    .mode = mode,
	    .folds = nodes[directory].folds,
	    .seconds = 1700000000};
	snprintf(node->name, sizeof(node->name), "%s", name);
	return made;
}

static struct fuse_attr
attributes(uint64_t id)
{
	const struct node *node = &nodes[id];

	return (struct fuse_attr){.ino = id,
	    .size = node->size,
	    .blocks = (node->size + 511) / 512,
	    .mtime = (uint64_t)node->seconds,
	    .mtimensec = node->nanoseconds,
	    .mode = node->mode,
	    .nlink = node->parent != 0 || id == FUSE_ROOT_ID,
	    .blksize = 4096};
}

static struct fuse_entry_out
entry(uint64_t id)
{
	return (struct fuse_entry_out){.nodeid = id, .attr = attributes(id)};
}

static void
reply_entry(const struct fuse_in_header *in, uint64_t id)
{
	struct fuse_entry_out out = entry(id);

	if (id == 0)
		reply(in, ENOENT, NULL, 0);
	else
		reply(in, 0, &out, sizeof(out));
}

static void
reply_attributes(const struct fuse_in_header *in, const struct fuse_attr *shown)
{
	struct fuse_attr_out out = {.attr_valid = SHOWN_FOR, .attr = *shown};

	reply(in, 0, &out, sizeof(out));
}

/* Limit a time to the disk's range, round it down, and store it. */
static void
set_time(struct node *node, int64_t seconds, uint32_t nanoseconds)
{
	uint64_t second = 1000000000;

	if (seconds < odd->least || seconds > odd->most) {
		seconds = seconds < odd->least ? odd->least : odd->most;
		nanoseconds = 0;
	}
	if (odd->granularity >= second) {
		nanoseconds = 0;
		seconds -= seconds & (int64_t)(odd->granularity / second - 1);
	} else if (odd->granularity > 0)
		nanoseconds -= nanoseconds % (uint32_t)odd->granularity;
	node->seconds = seconds;
	node->nanoseconds = nanoseconds;
}

static int
resize(struct node *node, size_t size)
{
	char *bytes = realloc(node->bytes, size + 1);

	if (bytes == NULL)
		return -1;
	if (size > node->size)
		memset(bytes + node->size, 0, size - node->size);
	node->bytes = bytes;
	node->size = size;
	return 0;
}

static int
drops_time(const struct fuse_setattr_in *arguments)
{
	return (odd->traits & ODD_DROPS_TIMES) != 0 ||
	    ((odd->traits & ODD_DROPS_ONE_TIME) != 0 &&
		(arguments->valid & FATTR_ATIME) == 0);
}

static void
on_setattr(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_setattr_in *arguments = body;
	struct node *node = &nodes[in->nodeid];
	struct fuse_attr shown;

	if ((arguments->valid & FATTR_MODE) != 0 &&
	    (odd->traits & ODD_REFUSES_MODES) != 0) {
		reply(in, EPERM, NULL, 0);
		return;
	}
	if ((arguments->valid & FATTR_MODE) != 0 &&
	    (odd->traits & ODD_IGNORES_MODES) == 0)
		node->mode = (node->mode & S_IFMT) | (arguments->mode & 07777);
	if ((arguments->valid & FATTR_SIZE) != 0)
		(void)resize(node, (size_t)arguments->size);
	if ((arguments->valid & FATTR_MTIME) != 0 && !drops_time(arguments))
		set_time(node, (int64_t)arguments->mtime, arguments->mtimensec);
	shown = attributes(in->nodeid);
	if ((arguments->valid & FATTR_MTIME) != 0) {
		shown.mtime = arguments->mtime;
		shown.mtimensec = arguments->mtimensec;
	}
	reply_attributes(in, &shown);
}

static void
on_make(const struct fuse_in_header *in, mode_t mode, const char *name)
{
	if (find_node(in->nodeid, name) != 0)
		reply(in, EEXIST, NULL, 0);
	else
		reply_entry(in, make_node(in->nodeid, name, mode));
}

static void
on_create(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_create_in *arguments = body;
	const char *name = (const char *)(arguments + 1);
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out = {.open = {.fh = 0}};
	uint64_t id = find_node(in->nodeid, name);

	if (id == 0)
		id = make_node(in->nodeid, name, arguments->mode);
	out.entry = entry(id);
	reply(in, id != 0 ? 0 : ENOSPC, &out, id != 0 ? sizeof(out) : 0);
}

static void
on_remove(const struct fuse_in_header *in, const void *name)
{
	uint64_t id = find_node(in->nodeid, name);
	int error = id == 0				? ENOENT
	    : in->opcode == FUSE_RMDIR && !is_empty(id) ? ENOTEMPTY
							: 0;

	if (error == 0)
		nodes[id].parent = 0;
	reply(in, error, NULL, 0);
}

static void
on_rename(const struct fuse_in_header *in, uint64_t directory, unsigned flags,
    const char *name)
{
	const char *new_name = name + strlen(name) + 1;
	uint64_t id = find_node(in->nodeid, name),
		 there = find_node(directory, new_name);
	int error = 0;

	if (flags != 0 && (odd->traits & ODD_NO_NEW_NAMES) != 0)
		error = EINVAL;
	else if (id == 0)
		error = ENOENT;
	else if (flags != 0 && there != 0)
		error = EEXIST;
	if (error == 0) {
		if (there != 0)
			nodes[there].parent = 0;
		nodes[id].parent = directory;
		snprintf(
		    nodes[id].name, sizeof(nodes[id].name), "%s", new_name);
	}
	reply(in, error, NULL, 0);
}

static void
on_read(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_read_in *arguments = body;
	const struct node *node = &nodes[in->nodeid];
	size_t left = arguments->offset < node->size
	    ? node->size - (size_t)arguments->offset
	    : 0;

	if (left > arguments->size)
		left = arguments->size;
	reply(in, 0, left > 0 ? node->bytes + arguments->offset : NULL, left);
}

static void
on_write(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_write_in *arguments = body;
	struct fuse_write_out out = {.size = arguments->size};
	struct node *node = &nodes[in->nodeid];
	size_t end = (size_t)arguments->offset + arguments->size;

	if (end > node->size && resize(node, end) == -1) {
		reply(in, ENOSPC, NULL, 0);
		return;
	}
	memcpy(node->bytes + arguments->offset, arguments + 1, arguments->size);
	reply(in, 0, &out, sizeof(out));
}

static void
on_readdir(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_read_in *arguments = body;
	static char out[WRITE_MOST];
	size_t size = 0;
	uint64_t id = arguments->offset > 0 ? arguments->offset : FUSE_ROOT_ID;

	while (++id <= made) {
		size_t length = strlen(nodes[id].name);
		struct fuse_dirent head = {.ino = id,
		    .off = id,
		    .namelen = (uint32_t)length,
		    .type = nodes[id].mode >> 12};

		if (nodes[id].parent != in->nodeid)
			continue;
		if (size + FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + length) >
		    arguments->size)
			break;
		memcpy(out + size, &head, FUSE_NAME_OFFSET);
		memcpy(out + size + FUSE_NAME_OFFSET, nodes[id].name, length);
		size += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + length);
	}
	reply(in, 0, out, size);
}

/*
 * Get and set the flags of a directory; see ioctl_iflags(2).  Before the kernel
 * sets them, it also requests GET_OTHERS, an ioctl of XFS.  The kernel has a
 * 64-bit long, even if this program has 32 bits.
 */
#define GET_FLAGS (uint32_t) _IOR('f', 1, int64_t)
#define SET_FLAGS (uint32_t) _IOW('f', 2, int64_t)
#define GET_OTHERS (uint32_t) _IOR('X', 31, char[28])

static void
on_ioctl(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_ioctl_in *arguments = body;
	struct {
		struct fuse_ioctl_out head;
		uint32_t flags[7];
	} out = {.flags = {0}};
	struct node *node = &nodes[in->nodeid];
	uint32_t flags;

	if ((odd->traits & ODD_FOLDS_IN_PLACES) == 0 ||
	    (arguments->cmd != GET_FLAGS && arguments->cmd != SET_FLAGS &&
		arguments->cmd != GET_OTHERS)) {
		reply(in, ENOTTY, NULL, 0);
		return;
	}
	if (arguments->cmd == SET_FLAGS) {
		memcpy(&flags, arguments + 1, sizeof(flags));
		node->folds = (flags & CASEFOLD) != 0;
	}
	if (arguments->cmd == GET_FLAGS)
		out.flags[0] = node->folds ? CASEFOLD : 0;
	reply(in, 0, &out, sizeof(out.head) + arguments->out_size);
}

static void
on_init(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
	    .minor = 31,
	    .flags = FUSE_BIG_WRITES,
	    .max_write = WRITE_MOST};

	(void)body;
	reply(in, 0, &out, sizeof(out));
}

static void
on_lookup(const struct fuse_in_header *in, const void *name)
{
	reply_entry(in, find_node(in->nodeid, name));
}

static void
on_getattr(const struct fuse_in_header *in, const void *body)
{
	struct fuse_attr shown = attributes(in->nodeid);

	(void)body;
	reply_attributes(in, &shown);
}

static void
on_mkdir(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_mkdir_in *arguments = body;

	on_make(in, S_IFDIR | (arguments->mode & 07777),
	    (const char *)(arguments + 1));
}

static void
on_old_rename(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_rename_in *arguments = body;

	on_rename(in, arguments->newdir, 0, (const char *)(arguments + 1));
}

static void
on_new_rename(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_rename2_in *arguments = body;

	on_rename(in, arguments->newdir, arguments->flags,
	    (const char *)(arguments + 1));
}

static void
on_open(const struct fuse_in_header *in, const void *body)
{
	const struct fuse_open_out out = {.fh = 0};

	(void)body;
	reply(in, 0, &out, sizeof(out));
}

static void
on_statfs(const struct fuse_in_header *in, const void *body)
{
	static const struct fuse_statfs_out out = {{.blocks = 100000,
	    .bfree = 100000,
	    .bavail = 100000,
	    .files = NODES,
	    .ffree = NODES,
	    .bsize = 4096,
	    .namelen = 255,
	    .frsize = 4096}};

	(void)body;
	reply(in, 0, &out, sizeof(out));
}

static void
succeed(const struct fuse_in_header *in, const void *body)
{
	(void)body;
	reply(in, 0, NULL, 0);
}

/* These requests have no reply. */
static void
send_nothing(const struct fuse_in_header *in, const void *body)
{
	(void)in;
	(void)body;
}

static const struct {
	uint32_t opcode;
	void (*handle)(const struct fuse_in_header *in, const void *body);
} handlers[] = {
    {FUSE_INIT, on_init},
    {FUSE_LOOKUP, on_lookup},
    {FUSE_GETATTR, on_getattr},
    {FUSE_SETATTR, on_setattr},
    {FUSE_MKDIR, on_mkdir},
    {FUSE_CREATE, on_create},
    {FUSE_UNLINK, on_remove},
    {FUSE_RMDIR, on_remove},
    {FUSE_RENAME, on_old_rename},
    {FUSE_RENAME2, on_new_rename},
    {FUSE_OPEN, on_open},
    {FUSE_OPENDIR, on_open},
    {FUSE_READ, on_read},
    {FUSE_WRITE, on_write},
    {FUSE_READDIR, on_readdir},
    {FUSE_STATFS, on_statfs},
    {FUSE_IOCTL, on_ioctl},
    {FUSE_FLUSH, succeed},
    {FUSE_FSYNC, succeed},
    {FUSE_FSYNCDIR, succeed},
    {FUSE_RELEASE, succeed},
    {FUSE_RELEASEDIR, succeed},
    {FUSE_ACCESS, succeed},
    {FUSE_FORGET, send_nothing},
    {FUSE_BATCH_FORGET, send_nothing},
    {FUSE_INTERRUPT, send_nothing},
};

static void
handle_request(const struct fuse_in_header *in)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (handlers[i].opcode == in->opcode) {
			handlers[i].handle(in, in + 1);
			return;
		}
	/* A disk without hard links refuses them with EPERM. */
	reply(in, in->opcode == FUSE_LINK ? EPERM : ENOSYS, NULL, 0);
}

/* Answer requests until the disk is unmounted. */
static void
serve(void)
{
	static union {
		struct fuse_in_header header;
		char bytes[MESSAGE];
	} message;
	ssize_t got;

	nodes[FUSE_ROOT_ID] = (struct node){.mode = S_IFDIR | 0755,
	    .folds = (odd->traits & ODD_FOLDS) != 0,
	    .seconds = 1700000000};
	while ((got = read(device, message.bytes, sizeof(message))) != -1 ||
	    errno == EINTR || errno == ENOENT)
		if (got > 0)
			handle_request(&message.header);
	_exit(0);
}

int
odd_disk_begin(struct odd_disk *disk, const char *directory)
{
	char options[128];

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return -1;
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device == -1)
		return -1;
	directory_make(directory);
	snprintf(options, sizeof(options),
	    "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,"
	    "allow_other",
	    device);
	if (mount("odd", directory, "fuse", MS_NODEV | MS_NOSUID, options) != 0)
		return -1;
	odd = disk;
	disk->directory = directory;
	disk->server = fork();
	ck_assert_int_ne(disk->server, -1);
	if (disk->server == 0)
		serve();
	close(device);
	return 0;
}

void
odd_disk_end(struct odd_disk *disk)
{
	int status;

	ck_assert_int_eq(umount(disk->directory), 0);
	ck_assert_int_eq(waitpid(disk->server, &status, 0), disk->server);
	ck_assert_int_eq(status, 0);
}

#else

int
odd_disk_begin(struct odd_disk *disk, const char *directory)
{
	(void)disk;
	(void)directory;
	return -1;
}

void
odd_disk_end(struct odd_disk *disk)
{
	(void)disk;
}

#endif
