/*
 * Keys as they lie.  Each row of letters is set about half a key to the right of
 * the one above it, so a key at column c touches c and c - 1 below, c and c + 1
 * above.  A blank is a key that no name can hold.
 */

#include "names/keyboard.h"

#include <stddef.h>
#include <string.h>

enum { ROWS = 4 };

struct layout {
	const char *word;
	const char *rows[ROWS];
};

/* clang-format off */
static const struct layout layouts[KEYBOARD_COUNT] = {
	[KEYBOARD_QWERTY] = { "qwerty", { "1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm" } },
	[KEYBOARD_QWERTZ] = { "qwertz", { "1234567890",  "qwertzuiop", "asdfghjkl", "yxcvbnm  -" } },
	[KEYBOARD_AZERTY] = { "azerty", { "1234567890",  "azertyuiop", "qsdfghjklm", "wxcvbn" } },
};
/* clang-format on */

const char *
keyboard_str(enum keyboard k)
{
	return layouts[k].word;
}

enum keyboard
keyboard_find(const char *word)
{
	enum keyboard k = 0;

	while (k < KEYBOARD_COUNT && strcmp(layouts[k].word, word) != 0)
		k++;
	return k;
}

/* Row and column of a key; false when the layout has it nowhere. */
static bool
key_at(const struct layout *l, char key, int *row, int *column)
{
	for (int i = 0; i < ROWS; i++) {
		const char *p = strchr(l->rows[i], key);

		if (p != NULL && key != '\0' && key != ' ') {
			*row = i;
			*column = (int)(p - l->rows[i]);
			return true;
		}
	}
	return false;
}

static bool
adjacent(const struct layout *l, char a, char b)
{
	int row_a, row_b, column_a, column_b, shift;

	if (!key_at(l, a, &row_a, &column_a) || !key_at(l, b, &row_b, &column_b))
		return false;
	shift = column_b - column_a;
	switch (row_b - row_a) {
	case 0:
		return shift == 1 || shift == -1;
	case 1:
		return shift == 0 || shift == -1;
	case -1:
		return shift == 0 || shift == 1;
	default:
		return false;
	}
}

bool
keyboard_adjacent(unsigned which, char a, char b)
{
	for (enum keyboard k = 0; k < KEYBOARD_COUNT; k++)
		if ((which == 0 || which & 1u << k) && adjacent(&layouts[k], a, b))
			return true;
	return false;
}

bool
keyboard_swapped(unsigned which, char a, char b)
{
	static const char *const pairs[KEYBOARD_COUNT][4] = {
		[KEYBOARD_QWERTZ] = { "yz", "zy" },
		[KEYBOARD_AZERTY] = { "aq", "qa", "zw", "wz" },
	};

	for (enum keyboard k = 0; k < KEYBOARD_COUNT; k++)
		for (int i = 0; (which == 0 || which & 1u << k) && i < 4; i++)
			if (pairs[k][i] != NULL && pairs[k][i][0] == a &&
			    pairs[k][i][1] == b)
				return true;
	return false;
}
