/* SPDX-License-Identifier: ISC */
/* What a server has kept of a file with holes, planted; errors fail the test.
 */
#ifndef TESTS_SYSTEM_KEPT_H
#define TESTS_SYSTEM_KEPT_H

#define KEPT_NAME "l"

/* Make large/l, which has data, a hole, data and a hole, and new/l, too. */
void kept_make(void);

/*
 * The same, and learn from the server that runs what it calls that which it
 * keeps of large/l where that becomes in/d/l.
 */
void kept_begin(void);

/* Put more than half of it there, as a put that was cut leaves it. */
void kept_plant(void);

/* Where that is. */
const char *kept_path(void);

/* The same of another file, by accident under this one's name. */
void kept_plant_another(void);

#endif
