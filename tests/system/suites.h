/* SPDX-License-Identifier: ISC */
/* The stories that the system tests tell. */
#ifndef TESTS_SYSTEM_SUITES_H
#define TESTS_SYSTEM_SUITES_H

#include <check.h>

Suite *put_suite(void);
Suite *starved_suite(void);
Suite *target_suite(void);
Suite *refuse_suite(void);
Suite *limits_suite(void);
Suite *usage_suite(void);
Suite *life_suite(void);
Suite *reload_suite(void);
Suite *crowd_suite(void);
Suite *order_suite(void);
Suite *latency_suite(void);
Suite *raw_suite(void);
Suite *states_suite(void);
Suite *values_suite(void);
Suite *command_suite(void);
Suite *inetd_suite(void);
Suite *rate_suite(void);
Suite *ssh_suite(void);
Suite *tls_suite(void);
Suite *words_suite(void);
Suite *tree_place_suite(void);
Suite *tree_suite(void);
Suite *stdin_suite(void);
Suite *resume_suite(void);
Suite *streams_suite(void);
Suite *sparse_suite(void);
Suite *unchanged_suite(void);
Suite *cuts_suite(void);
Suite *restart_suite(void);
Suite *disks_suite(void);
Suite *slow_disk_suite(void);
Suite *races_suite(void);
Suite *underneath_suite(void);
Suite *crash_suite(void);
Suite *crash_staging_suite(void);
Suite *exits_suite(void);
Suite *faults_suite(void);
Suite *faults_client_suite(void);
Suite *faults_master_suite(void);
Suite *faults_again_suite(void);
Suite *faults_service_suite(void);
Suite *proof_suite(void);
Suite *completion_suite(void);
Suite *examples_suite(void);
Suite *show_suite(void);
Suite *events_suite(void);
Suite *hostile_suite(void);
Suite *flood_suite(void);
Suite *impostor_suite(void);
Suite *guards_suite(void);
Suite *privileges_suite(void);
Suite *shortage_suite(void);
Suite *launch_suite(void);
Suite *processes_suite(void);
Suite *soak_suite(void);
Suite *clock_suite(void);
Suite *busy_suite(void);
Suite *scoreboard_suite(void);
Suite *cable_suite(void);

#endif
