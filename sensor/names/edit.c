/*
 * One edit (Damerau 1964) in linear time: what two words share at their front and
 * at their end leaves just the edit in between.
 */

#include "names/edit.h"

static size_t
shared_front(struct span a, struct span b)
{
	size_t i = 0;

	while (i < a.n && i < b.n && a.p[i] == b.p[i])
		i++;
	return i;
}

/* Characters shared at the end, behind the first `front`. */
static size_t
shared_end(struct span a, struct span b, size_t front)
{
	size_t most = (a.n < b.n ? a.n : b.n) - front, i = 0;

	while (i < most && a.p[a.n - 1 - i] == b.p[b.n - 1 - i])
		i++;
	return i;
}

static bool
swapped(struct span a, struct span b, size_t at)
{
	return a.p[at] == b.p[at + 1] && a.p[at + 1] == b.p[at];
}

bool
edit_find(struct span meant, struct span typed, struct edit *e)
{
	size_t front, left_meant, left_typed, end;

	if (meant.n > typed.n + 1 || typed.n > meant.n + 1)
		return false;
	front = shared_front(meant, typed);
	end = shared_end(meant, typed, front);
	left_meant = meant.n - front - end;
	left_typed = typed.n - front - end;
	if (left_meant == 1 && left_typed == 1)
		e->kind = EDIT_SUBSTITUTION;
	else if (left_meant == 1 && left_typed == 0)
		e->kind = EDIT_OMISSION;
	else if (left_meant == 0 && left_typed == 1)
		e->kind = EDIT_INSERTION;
	else if (left_meant == 2 && left_typed == 2 && swapped(meant, typed, front))
		e->kind = EDIT_TRANSPOSITION;
	else
		return false;
	e->at = front;
	e->meant = left_meant ? (char)meant.p[front] : '\0';
	e->typed = left_typed ? (char)typed.p[front] : '\0';
	return true;
}
