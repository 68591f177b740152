#ifndef NAMES_KEYBOARD_H
#define NAMES_KEYBOARD_H

/* Which keys lie beside each other, by layout. */

#include <stdbool.h>

enum keyboard { KEYBOARD_QWERTY, KEYBOARD_QWERTZ, KEYBOARD_AZERTY, KEYBOARD_COUNT };

const char *keyboard_str(enum keyboard k); /* "qwerty" */
/* The layout of this word, or KEYBOARD_COUNT. */
enum keyboard keyboard_find(const char *word);

/*
 * The keys of a and b (lower-case letters, digits, hyphen) touch on one of the
 * layouts, bits 1 << enum keyboard; 0 means all of them.
 */
bool keyboard_adjacent(unsigned layouts, char a, char b);
/* a and b change places from QWERTY to one of the layouts: z and y, a and q, z and w. */
bool keyboard_swapped(unsigned layouts, char a, char b);

#endif
