/* SPDX-License-Identifier: ISC */
/* Model of one file's names: stage, lock, claim, resume, publish and sweep. */

/*
 * Modelled.  Servers receive into one directory.  Two workers at a time serve
 * requests for one file, without end.  One sweep runs at the same time.  Each
 * process can be killed before each of its steps; a new one then replaces it.
 *
 *   - The final name; the name of the partial; for each inode a unique staging
 *     name.  A name refers to an inode.  An inode without names and descriptors
 *     is free, and the next new file may use it.
 *   - POSIX record locks.  A process owns them, and loses a file's lock when it
 *     closes any descriptor of the file.  It can lock a locked file again.
 *   - A step is one system call.  The comment before it, "step: FILE FUNCTION
 *     CALL", names the function that makes the call.  tests/check-model checks
 *     that the function contains the call.
 *   - Any program may remove the published file.
 *   - With TWO_FILES, one worker serves both requests: one is granted, or waits
 *     in the group of the commit.
 *   - With READ_ONLY, a complete file has a mode without write permission.
 *
 * Not modelled.
 *
 *   - Bytes, sizes and digests.  A process may keep a partial or not, a sweep
 *     may remove it or not, and a client may abort or not.  spin tries each.
 *   - The names of a sender's further attempts, and of other senders.  Each
 *     behaves like the modelled name.  The number of tries to lock.
 *   - Syncs and power cuts: suites crash and crash_staging test them.  Folding
 *     names, locks of hosts, changes of directories, a full disk.
 *   - The sweep of an abandoned file with a unique name.  No other process
 *     opens that file, so the model removes it together with its process.
 *   - More than RUN requests and SWEEPS sweeps at the same time.
 *   - More than INODES files at the same time.  A request for one more fails.
 *
 * The model has no servers, because their workers share only the directory.
 * All processes are equal.  Therefore only the first idle one begins a request:
 * this omits no behaviour.
 *
 * A macro such as NO_LOCK leaves out one protection.  tests/check-model fails if spin then
 * finds no error.
 */

#ifndef SWEEPS
#define SWEEPS 1
#endif
#ifndef INODES
#define INODES 3
#endif
#define REQUESTS 4
#ifndef RUN
#define RUN 2
#endif
#define NONE INODES

#ifdef TWO_FILES
#define PROCESS(r) (1 + (r) / 2)
#define IS_BUSY_BEFORE(r) \
	(r % 2 == 1 -> doing[r - 1] != idle : \
	    (r == 0 || doing[r - 2] != idle || doing[r - 1] != idle))
#else
#define PROCESS(r) (1 + (r))
#define IS_BUSY_BEFORE(r) (r == 0 || doing[r - 1] != idle)
#endif

/*
 * A sweep runs in a child process, which has its own locks.  With NO_CHILD it
 * shares the locks of a worker.
 */
#ifdef NO_CHILD
#define SWEEPER(s) (1 + (s))
#else
#define SWEEPER(s) (1 + REQUESTS + (s))
#endif

mtype = {idle, claiming, locking, looking, counting, unlinking, giving_up,
	creating, locking_new, counting_new, removing_new, receiving, complete,
	linked, published, dropping, closing, opening, testing, removing}

/* The directory. */
byte final = NONE, partial = NONE; /* the inodes of these names */
bool unique[INODES + 1];	   /* the inode has a unique staging name */
byte locked[INODES + 1];	   /* the owner of the lock, or 0 */
byte opened[INODES + 1];	   /* number of descriptors */
bool read_only[INODES + 1];

/* The requests. */
mtype doing[REQUESTS] = idle;
byte file[REQUESTS] = NONE; /* the inode of the descriptor */
bool resumes[REQUESTS];	    /* the name is that of the partial */
bool owns[REQUESTS];	    /* the file is locked and checked: it is live */
bool spoilt[REQUESTS];	    /* the published file is not the received one */

hidden byte i, j;

#define IS_FREE(n) \
	(opened[n] == 0 && !unique[n] && n != final && n != partial)
#define IS_UNLOCKED(n, process) (locked[n] == 0 || locked[n] == process)
#define LINKS(n) ((n == final) + (n == partial) + unique[n])
#define HAS_NAME(r) (resumes[r] -> partial == file[r] : unique[file[r]])
#define IS_LIVE(n) \
	((owns[0] && file[0] == n) || (owns[1] && file[1] == n) || \
	    (owns[2] && file[2] == n) || (owns[3] && file[3] == n))

/* j becomes the first free inode, or NONE. */
inline find_free()
{
	j = 0;
	do
	:: j < INODES && !IS_FREE(j) -> j++
	:: else -> break
	od
}

inline open_file(r, n)
{
	file[r] = n;
	opened[n]++
}

/* Close a descriptor: the process loses its lock of the file. */
inline close_file(n, process)
{
	if
	:: locked[n] == process -> locked[n] = 0
	:: else
	fi;
	opened[n]--;
	if
	:: IS_FREE(n) -> read_only[n] = false
	:: else
	fi
}

inline end_request(r)
{
	if
	:: file[r] != NONE ->
		if
		:: !resumes[r] -> unique[file[r]] = false
		:: else
		fi;
		close_file(file[r], PROCESS(r))
	:: else
	fi;
	file[r] = NONE;
	resumes[r] = false;
	owns[r] = false;
	spoilt[r] = false;
	doing[r] = idle
}

/* The bytes of request r's file change. */
inline change_bytes(r)
{
	/* No published byte is written again. */
	assert(file[r] != final);
	/* No sweep removed a live file. */
	assert(HAS_NAME(r));
	for (i : 0 .. REQUESTS - 1) {
		if
		:: i != r && owns[i] && file[i] == file[r] -> spoilt[i] = true
		:: else
		fi
	}
}

/* Remove the staging name of request r. */
inline remove_name(r)
{
	if
	:: resumes[r] -> partial = NONE
	:: else -> unique[file[r]] = false
	fi
}

/* j becomes the inode of request r's staging name, or NONE. */
inline find_name(r)
{
	if
	:: resumes[r] -> j = partial
	:: !resumes[r] && unique[file[r]] -> j = file[r]
	:: else -> j = NONE
	fi
}

/* The inode j gets the final name for request r. */
inline give_name(r)
{
	spoilt[r] = spoilt[r] || j != file[r];
	final = j
}

#ifdef TWO_FILES
#ifdef NO_HOLD
#define IS_NAME_HELD(r) false
#else
#define IS_NAME_HELD(r) (doing[r ^ 1] != idle && resumes[r ^ 1])
#endif
#else
#define IS_NAME_HELD(r) false
#endif

proctype request(byte r)
{
	do
	/* step: server/session/ask.c name_partial granted_hold */
	/* step: server/session/ask.c name_partial commit_holds */
	:: atomic {
		doing[r] == idle && IS_BUSY_BEFORE(r) ->
		if
		:: !IS_NAME_HELD(r) -> resumes[r] = true; doing[r] = claiming
		:: doing[r] = creating
		fi
	}

	/* step: server/store/partial.c claim openat */
	:: atomic {
		doing[r] == claiming ->
		if
		:: partial != NONE && !read_only[partial] ->
			open_file(r, partial);
			doing[r] = locking
		/*
		 * openat fails with EACCES.  Here a sweep removes the file,
		 * instead of this process.
		 */
		:: partial != NONE && read_only[partial]
		:: partial != NONE && read_only[partial] ->
			resumes[r] = false;
			doing[r] = creating
		:: partial == NONE ->
			find_free();
			if
			:: j == NONE -> end_request(r)
			:: else ->
				partial = j;
				open_file(r, j);
				doing[r] = locking
			fi
		:: partial == NONE -> resumes[r] = false; doing[r] = creating
		fi
	}
	/* step: server/store/partial.c lock_partial staging_lock */
	:: atomic {
		doing[r] == locking ->
		if
#ifdef NO_LOCK
		:: doing[r] = looking
#else
		:: IS_UNLOCKED(file[r], PROCESS(r)) ->
			locked[file[r]] = PROCESS(r);
			doing[r] = looking
		:: else -> doing[r] = giving_up
#endif
		fi
	}
	/* step: server/store/partial.c lock_partial inode_has_name */
	/* step: server/shared/inode.c inode_has_name fstatat */
	:: atomic {
		doing[r] == looking ->
		if
#ifndef NO_INODE
		:: partial != file[r] -> doing[r] = giving_up
#endif
		:: else -> doing[r] = counting
		fi
	}
	/* step: server/shared/inode.c inode_has_name fstat */
	:: atomic {
		doing[r] == counting ->
		if
#ifndef NO_LINKS
		:: LINKS(file[r]) != 1 -> doing[r] = unlinking
#endif
		:: else -> owns[r] = true; doing[r] = receiving
		fi
	}
	/* step: server/store/partial.c lock_partial unlinkat */
	:: atomic {
		doing[r] == unlinking ->
		assert(!IS_LIVE(partial));
		partial = NONE;
		doing[r] = giving_up
	}
	/* Not claimed: try again, make the partial, or make a unique file. */
	/* step: server/store/partial.c claim close */
	:: atomic {
		doing[r] == giving_up ->
		close_file(file[r], PROCESS(r));
		file[r] = NONE;
		if
		:: doing[r] = claiming
		:: resumes[r] = false; doing[r] = creating
		fi
	}

	/* step: server/store/staging.c create openat */
	:: atomic {
		doing[r] == creating ->
		find_free();
		if
		:: j == NONE -> end_request(r)
		:: else ->
			unique[j] = true;
			open_file(r, j);
			doing[r] = locking_new
		fi
	}
	/* step: server/store/staging.c lock_created staging_lock */
	:: atomic {
		doing[r] == locking_new ->
		if
#ifdef NO_LOCK_CREATED
		:: doing[r] = counting_new
#else
		:: IS_UNLOCKED(file[r], PROCESS(r)) ->
			locked[file[r]] = PROCESS(r);
			doing[r] = counting_new
		:: else -> doing[r] = removing_new
#endif
		fi
	}
	/* step: server/store/staging.c lock_created fstat */
	:: atomic {
		doing[r] == counting_new ->
		if
#ifndef NO_LINKS_CREATED
		:: LINKS(file[r]) == 0 -> doing[r] = removing_new
#endif
		:: else -> owns[r] = true; doing[r] = receiving
		fi
	}
	/* step: server/store/staging.c create staging_discard */
	/* step: server/store/staging.c staging_discard unlinkat */
	:: atomic {
		doing[r] == removing_new ->
		unique[file[r]] = false;
		doing[r] = closing
	}

	/* step: server/store/partial.c stage_attempt ftruncate */
	/* step: common/recv_file.c recv_file_resume ftruncate */
	/* step: common/recv_file.c recv_file_data io_write_all */
	/* step: common/recv_file.c recv_file_set_size ftruncate */
	:: atomic { doing[r] == receiving -> change_bytes(r) }
	/* step: server/store/staged.c staged_finish publish_set_attributes */
	/* step: server/store/publish.c publish_set_attributes fchmod */
	:: atomic {
		doing[r] == receiving ->
#ifdef READ_ONLY
		read_only[file[r]] = true;
#endif
#ifdef NO_LATE_CLOSE
		locked[file[r]] = 0;
#endif
		doing[r] = complete
	}
	/* The client was lost: the partial is kept. */
	/* step: server/store/staged.c staged_keep staging_close */
	/* step: server/store/partial.c partial_release close */
	:: atomic { doing[r] == receiving && resumes[r] -> end_request(r) }
	/* The request failed. */
	/* step: server/store/staged.c staged_drop staging_discard */
	/* step: server/store/commit.c discard staging_discard */
	:: atomic {
		(doing[r] == receiving || doing[r] == complete) ->
#ifdef NO_LATE_CLOSE
		locked[file[r]] = 0;
#endif
		doing[r] = dropping
	}

	/* step: server/store/publish.c publish_file renameat */
	:: atomic {
		doing[r] == complete ->
		find_name(r);
		if
		:: j == NONE -> doing[r] = dropping
		:: else ->
			if
			:: j != final -> give_name(r); remove_name(r)
			:: else
			fi;
			doing[r] = published
		fi
	}
	/* step: server/store/publish.c publish_file os_rename_new */
	:: atomic {
		doing[r] == complete ->
		find_name(r);
		if
		:: j == NONE || final != NONE -> doing[r] = dropping
		:: else ->
			give_name(r);
			remove_name(r);
			doing[r] = published
		fi
	}
	/* step: server/store/publish.c publish_file linkat */
	:: atomic {
		doing[r] == complete ->
		find_name(r);
		if
		:: j == NONE || final != NONE -> doing[r] = dropping
		:: else -> give_name(r); doing[r] = linked
		fi
	}
	/* step: server/store/publish.c publish_file unlinkat */
	:: atomic {
		doing[r] == linked ->
		remove_name(r);
		doing[r] = published
	}
	/* step: server/store/commit.c publish staging_close */
	/* step: server/store/staging.c staging_close close */
	:: atomic {
		doing[r] == published ->
		/* "stored" is sent only for the received bytes. */
		assert(!spoilt[r]);
		end_request(r)
	}
	/* step: server/store/staging.c staging_discard unlinkat */
	:: atomic {
		doing[r] == dropping ->
		find_name(r);
		owns[r] = false;
		assert(j == NONE || !IS_LIVE(j));
		remove_name(r);
		doing[r] = closing
	}
	/* step: server/store/staging.c staging_discard close */
	:: atomic { doing[r] == closing -> end_request(r) }

	/* step: kill -9 */
	:: atomic {
		doing[r] != idle ->
		end_request(r);
#ifdef TWO_FILES
		end_request(r ^ 1)
#endif
	}
	od
}

proctype sweep(byte s)
{
	mtype does = idle;
	byte held = NONE;
	bool of_partial;

	do
	/* step: server/store/sweep.c sweep_abandoned staging_remove_unlocked */
	/* step: server/store/sweep.c remove_oldest staging_remove_unlocked */
	/* step: server/store/staging.c open_abandoned openat */
	:: atomic {
		does == idle ->
		if
		:: partial != NONE -> held = partial; of_partial = true
		:: unique[0] -> held = 0
		:: unique[1] -> held = 1
		:: unique[2] -> held = 2
		fi;
		opened[held]++;
		does = testing
	}
	/* step: server/store/staging.c is_unlocked staging_lock */
	/* step: server/store/staging.c is_unlocked fcntl */
	:: atomic {
		does == testing ->
		if
#ifdef NO_SWEEP_LOCK
		:: does = looking
#else
		:: IS_UNLOCKED(held, SWEEPER(s)) ->
			if
			:: read_only[held]
			:: else -> locked[held] = SWEEPER(s)
			fi;
			does = looking
		:: else -> does = closing
#endif
		fi
	}
	/* step: server/store/staging.c staging_remove_unlocked inode_has_name */
	:: atomic {
		does == looking ->
		if
#ifndef NO_SWEEP_INODE
		:: (of_partial -> partial != held : !unique[held]) ->
			does = closing
#endif
		:: else -> does = removing
		fi
	}
	/* step: server/store/staging.c staging_remove_unlocked unlinkat */
	:: atomic {
		does == removing ->
		j = (of_partial -> partial : (unique[held] -> held : NONE));
		/* No sweep removes a live file. */
		assert(j == NONE || !IS_LIVE(j));
		if
		:: of_partial -> partial = NONE
		:: else -> unique[held] = false
		fi;
		does = closing
	}
	/* step: server/store/staging.c staging_is_unlocked close */
	/* step: server/store/staging.c staging_remove_unlocked close */
	/* step: kill -9 */
	:: atomic {
		does != idle ->
		close_file(held, SWEEPER(s));
		held = NONE;
		of_partial = false;
		does = idle
	}
	/* step: another program */
	:: atomic {
		final != NONE ->
		j = final;
		final = NONE;
		if
		:: IS_FREE(j) -> read_only[j] = false
		:: else
		fi
	}
	od
}

init
{
	atomic {
		for (i : 0 .. RUN - 1) {
			run request(i)
		}
		for (i : 0 .. SWEEPS - 1) {
			run sweep(i)
		}
	}
}
