/* SPDX-License-Identifier: ISC */
/* ftx through the real openssl and stunnel, on loopback. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/fake.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"
#include "tests/system/tunnel.h"

/* The path on Debian; it may not be in every user's PATH. */
#define STUNNEL "/usr/bin/stunnel"

static int
has_tls(void)
{
	struct run run;

	if (access(STUNNEL, X_OK) == 0) {
		RUN(&run, "openssl", "version");
		if (run.status == 0)
			return 1;
	}
	harness_skip("tls", "openssl and stunnel are not installed");
	return 0;
}

/* Make a key and a self-signed certificate. */
static void
certificate_make(const char *name)
{
	char key[64], certificate[64], subject[64];

	tunnel_print(key, sizeof(key), "%s.key", name);
	tunnel_print(certificate, sizeof(certificate), "%s.pem", name);
	tunnel_print(subject, sizeof(subject), "/CN=%s", name);
	TUNNEL_RUN("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
	    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
	    subject, "-keyout", key, "-out", certificate);
	ck_assert_int_eq(chmod(key, 0600), 0);
}

/* Start stunnel before ftxd; it admits only the certificate "client.pem". */
static void
stunnel_start(struct tunnel *tunnel, unsigned target)
{
	char text[TUNNEL_TEXT], path[HARNESS_PATH + 16];

	certificate_make("server");
	certificate_make("client");
	certificate_make("stranger");
	tunnel_print(text, sizeof(text),
	    "foreground = yes\npid =\nsyslog = no\n"
	    "[ftx]\naccept = 127.0.0.1:%u\nconnect = 127.0.0.1:%u\n"
	    "cert = %s/server.pem\nkey = %s/server.key\n"
	    "CAfile = %s/client.pem\nverifyPeer = yes\n",
	    tunnel->port, target, tunnel_here, tunnel_here, tunnel_here);
	file_write("stunnel.conf", text);
	tunnel_print(path, sizeof(path), "%s/stunnel.conf", tunnel_here);
	tunnel_start(tunnel, (const char *const[]){STUNNEL, path, NULL});
}

static const char *
tls_command(const struct tunnel *tunnel, const char *options)
{
	static char command[TUNNEL_TEXT];

	tunnel_print(command, sizeof(command),
	    "openssl s_client -quiet -verify_quiet -verify_return_error "
	    "-CAfile server.pem -servername server "
	    "-connect 127.0.0.1:%u %s",
	    tunnel->port, options);
	return command;
}

START_TEST(put_succeeds_through_tls_with_a_client_certificate)
{
	struct tunnel stunnel;
	struct server server;
	struct run run;

	if (!has_tls())
		return;
	stunnel.port = fake_unused_port();
	SERVER_START(&server, "-w", "2");
	stunnel_start(&stunnel, server.port);
	RUN(&run, "ftx", "put", "-e",
	    tls_command(&stunnel, "-cert client.pem -key client.key"), "big",
	    "small", "nas:d");
	tunnel_check_stored(&run);
	RUN(&run, "ftx", "put", "-e",
	    tls_command(&stunnel, "-cert stranger.pem -key stranger.key"),
	    "big", "nas:e");
	run_check(&run, 35, "openssl ended with status 1 before the server");
	RUN(&run, "ftx", "put", "-e", tls_command(&stunnel, ""), "big",
	    "nas:e");
	run_check(&run, 35, "openssl ended with status 1 before the server");
	/* The client checks the server's certificate, too. */
	file_write("server.pem", "");
	RUN(&run, "ftx", "put", "-e",
	    tls_command(&stunnel, "-cert client.pem -key client.key"), "big",
	    "nas:e");
	run_check(&run, 35, "openssl ended with status 1 before the server");
	ck_assert_int_eq(directory_count("in"), 1);
	tunnel_stop(&stunnel);
	server_stop(&server);
}
END_TEST

Suite *
tls_suite(void)
{
	Suite *suite = suite_create("tls");
	TCase *tcase = tcase_create("tls");

	tcase_add_checked_fixture(tcase, tunnel_begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(
	    tcase, put_succeeds_through_tls_with_a_client_certificate);
	suite_add_tcase(suite, tcase);
	return suite;
}
