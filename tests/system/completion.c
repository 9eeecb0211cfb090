/* SPDX-License-Identifier: ISC */
/* Completion by bash in a terminal, with Tab typed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/suites.h"

#define PACKAGE "/usr/share/bash-completion/bash_completion"

static char script[HARNESS_PATH];

/* A line typed with tabs, and the arguments that bash makes of it. */
struct line {
	const char *typed, *arguments;
};

static const struct line lines[] = {{"ftx pu\t", "<put>"}, {"ftx -\t\t", "<->"},
    {"ftx put -\t\t", "<put><->"},
    /* Settings, and their values from the summary of -h. */
    {"ftx put -o progr\tl\t", "<put><-o><progress=lines>"},
    {"ftx put -o no-c\tx", "<put><-o><no-clobber><x>"},
    {"ftx put -rpo quiet=y\tx", "<put><-rpo><quiet=yes><x>"},
    {"ftx put -o retry=d\t -o bogus=d\t", "<put><-o><retry=d><-o><bogus=d>"},
    {"ftx put -o '$(>ran)'=d\tx", "<put><-o><$(>ran)=dx>"},
    {"ftx put -l d\t5", "<put><-l><d5>"},
    /* Files; after the first, no options are completed. */
    {"ftx put nam\td\tx", "<put><names.txt><dir/x>"},
    {"ftx put with\t\"with b\tmy\\ p\t",
	"<put><with blank.txt><with blank.txt><my photos/>"},
    {"ftx put -- -o\tx -o no-c\tx", "<put><--><-ofile><x><-o><no-cx>"},
    {"ftx put d\t -\tx", "<put><dir/><-ofile><x>"},
    /* Hosts, also mixed with files. */
    {"ftx put na\ts\tx", "<put><nas:x>"},
    {"ftx put 192.0.2.\tx", "<put><192.0.2.7:x>"},
    {"ftx put ga\tx", "<put><gate.example:x>"},
    {"ftx put [\tx", "<put><[2001:db8::1]:x>"},
    {"ftx put kah\tx", "<put><kahn:x>"},
    {"ftx put nas:na\tx", "<put><nas:nax>"}, {"ftx put zz\tx", "<put><zzx>"},
    {"ftx put wil\tx", "<put><wilx>"},
    {"ftxd -T -d m\t -o compare=n\t", "<-T><-d><my photos/><-o><compare=no>"},
    {"ftxd -T -o shared=n\t", "<-T><-o><shared=no-locks>"},
    {"ftxd -f rc\t -o umask=n\t", "<-f><rc><-o><umask=n>"}, {NULL, NULL}};

static const char hosts[] = "# comment\n"
			    "nas,192.0.2.7 ssh-ed25519 A\n"
			    "[gate.example]:2222 ssh-ed25519 A\n"
			    "|1|zzzz=|zzzz= ssh-ed25519 A\n"
			    "wild* ssh-ed25519 A\n"
			    "zz$(>ran) ssh-ed25519 A\n"
			    "@cert-authority kahn ssh-ed25519 A\n"
			    "[2001:db8::1]:22 ssh-rsa A\n";

/* Shell functions replace the programs, except for "-h". */
static const char rc[] =
    "show() { local program=$1; shift\n"
    "if [ \"$1\" = -h ]; then command $program -h\n"
    "else printf '{'; printf '<%s>' \"$@\"; printf '}\\n'; fi; }\n"
    "ftx() { show ftx \"$@\"; }\n"
    "ftxd() { show ftxd \"$@\"; }\n"
    "PS1='$ ' HISTFILE=\n";

static void
make_files(const char *how)
{
	char path[2 * HARNESS_PATH], text[2 * HARNESS_PATH];

	directory_make("home");
	directory_make("home/.ssh");
	file_write("home/.ssh/known_hosts", hosts);
	snprintf(text, sizeof(text), "%s. %s\n", rc, how);
	file_write("rc", text);
	file_write("names.txt", "");
	file_write("with blank.txt", "");
	file_write("-ofile", "");
	directory_make("dir");
	directory_make("my photos");
	ck_assert_ptr_nonnull(getcwd(text, HARNESS_PATH));
	snprintf(path, sizeof(path), "%.*s/home", HARNESS_PATH, text);
	ck_assert_int_eq(setenv("HOME", path, 1), 0);
	snprintf(path, sizeof(path), "%s:%s", getenv("FTX_PROGRAMS"),
	    getenv("PATH"));
	ck_assert_int_eq(setenv("PATH", path, 1), 0);
	ck_assert_int_eq(setenv("INPUTRC", "/dev/null", 1), 0);
	ck_assert_int_eq(setenv("TERM", "dumb", 1), 0);
}

/* script(1) gives bash a terminal.  The timeout ends an unclosed quote. */
static void
type_all(struct run *run)
{
	FILE *typed = fopen("typed", "w");

	ck_assert_ptr_nonnull(typed);
	for (const struct line *line = lines; line->typed != NULL; line++)
		fprintf(typed, "%s\n", line->typed);
	fprintf(typed, "exit\n");
	ck_assert_int_eq(fclose(typed), 0);
	RUN(run, "sh", "-c",
	    "timeout 30 script -qefc 'bash --noprofile --rcfile rc -i' "
	    "shown <typed >/dev/null");
	run_check(run, 0, NULL);
}

static void
check_all(void)
{
	char *shown = file_read("shown");
	const char *at = shown;

	for (const struct line *line = lines; line->typed != NULL; line++) {
		size_t length = strlen(line->arguments);

		at = strstr(at, "\n{");
		ck_assert_msg(at != NULL, "%s: nothing", line->typed);
		at += 2;
		ck_assert_msg(strncmp(at, line->arguments, length) == 0 &&
			at[length] == '}',
		    "%s: %.*s", line->typed, (int)strcspn(at, "\r\n"), at);
	}
	/* No part of a host's name was executed. */
	ck_assert(!file_exists("ran"));
	free(shown);
}

/* Returns nonzero if bash and script(1) are installed. */
static int
has_script(void)
{
	struct run run;

	RUN(&run, "sh", "-c", "command -v bash && command -v script");
	if (run.status != 0)
		harness_skip("completion", "there is no bash, or no script");
	return run.status == 0;
}

START_TEST(completion_works_when_sourced_alone)
{
	struct run run;

	if (!has_script())
		return;
	make_files(script);
	type_all(&run);
	check_all();
}
END_TEST

/* The package bash-completion finds the file by the command's name. */
START_TEST(completion_works_when_the_package_loads_it)
{
	static const char *const directories[] = {"home/.local",
	    "home/.local/share", "home/.local/share/bash-completion",
	    "home/.local/share/bash-completion/completions"};
	struct run run;

	if (!has_script())
		return;
	if (access(PACKAGE, R_OK) != 0) {
		harness_skip("bash-completion", "it is not installed");
		return;
	}
	make_files(PACKAGE);
	for (int i = 0; i < 4; i++)
		directory_make(directories[i]);
	ck_assert_int_eq(chdir(directories[3]), 0);
	ck_assert_int_eq(symlink(script, "ftx"), 0);
	ck_assert_int_eq(symlink(script, "ftxd"), 0);
	ck_assert_int_eq(chdir("../../../../.."), 0);
	type_all(&run);
	check_all();
}
END_TEST

Suite *
completion_suite(void)
{
	Suite *suite = suite_create("completion");
	TCase *tcase = harness_case("completion");
	char *found = realpath("client/ftx.bash-completion", NULL);

	if (found != NULL)
		snprintf(script, sizeof(script), "%s", found);
	free(found);
	tcase_add_test(tcase, completion_works_when_sourced_alone);
	tcase_add_test(tcase, completion_works_when_the_package_loads_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
