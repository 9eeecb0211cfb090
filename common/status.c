/* SPDX-License-Identifier: ISC */
/* The outcomes of a request: one number, one text, one exit status each. */
#include "common/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * The exit statuses of ftx(1).  CANCELLED exits like CHANGED: this side gave
 * up, nothing was published, and the user may run it again.  (If a signal
 * cancelled the run, ftx raises the signal instead.)
 */
static const struct {
	const char *text;
	int exit;
} meanings[] = {
    [STATUS_STORED] = {"stored", 0},
    [STATUS_WOULD_STORE] = {"would be stored", 0},
    [STATUS_UNCHANGED] = {"unchanged", 0},
    [STATUS_EXISTS] = {"exists", 25},
    [STATUS_REFUSED] = {"refused", 5},
    [STATUS_NO_SPACE] = {"no space", 28},
    [STATUS_FAILED] = {"failed", 11},
    [STATUS_DIGEST] = {"digest mismatch", 12},
    [STATUS_CHANGED] = {"source changed", 24},
    [STATUS_STALLED] = {"stalled", 30},
    [STATUS_BUSY] = {"busy", 75},
    [STATUS_DRAINING] = {"draining", 75},
    [STATUS_PROTOCOL] = {"protocol error", 2},
    [STATUS_VERSION] = {"no common version", 2},
    [STATUS_NOT_OFFERED] = {"not offered", 5},
    [STATUS_CANCELLED] = {"cancelled", 24},
    [STATUS_LOST] = {"connection lost", 10},
    [STATUS_UNREACHABLE] = {"unreachable", 35},
    [STATUS_SOURCE] = {"source unreadable", 3},
    [STATUS_UNTRIED] = {"cannot connect", 35},
    [STATUS_MEMORY] = {"no memory on this side", 3},
    [STATUS_FOREIGN] = {"not ftxd", 2},
};

const char *
status_text(enum status status)
{
	return meanings[status].text;
}

int
status_exit(enum status status)
{
	return meanings[status].exit;
}

int
status_success(enum status status)
{
	return status == STATUS_STORED || status == STATUS_WOULD_STORE ||
	    status == STATUS_UNCHANGED;
}

enum status
status_of_errno(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return STATUS_NO_SPACE;
	case EEXIST:
		return STATUS_EXISTS;
	/* Permissions, names and kinds of file: a retry would fail again. */
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENOTDIR:
	case EISDIR:
	case ENAMETOOLONG:
	case EXDEV:
	case EINVAL: /* a name that the file system does not allow */
	case EILSEQ:
	case EMLINK: /* O_NOFOLLOW and a symbolic link, on some systems */
	case ENXIO:
		return STATUS_REFUSED;
	default:
		return STATUS_FAILED;
	}
}

void
outcome_set(
    struct outcome *outcome, enum status status, const char *format, ...)
{
	va_list arguments;
	int length;

	outcome->status = status;
	va_start(arguments, format);
	length =
	    vsnprintf(outcome->text, sizeof outcome->text, format, arguments);
	va_end(arguments);
	if (length < 0)
		outcome->text[0] = '\0';
}

void
outcome_set_errno(struct outcome *outcome, int error, const char *context)
{
	outcome_set(outcome, status_of_errno(error), "%s: %s", context,
	    strerror(error));
}
