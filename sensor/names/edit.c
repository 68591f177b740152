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

/* ---- every edit of a word ---- */

/* Who wants them, and the word as it is written down. */
struct writer {
	struct span word;
	edit_fn *take;
	void *owner;
	char text[EDIT_WORD_MAX + 1];
};

/* Tell the word with `with` instead of the n characters at e->at. */
static void
write_edit(struct writer *w, const struct edit *e, struct span with, size_t n)
{
	struct span rest = span_after(w->word, e->at + n);

	if (e->at + with.n + rest.n == 0)
		return;
	memcpy(w->text, w->word.p, e->at);
	memcpy(w->text + e->at, with.p, with.n);
	memcpy(w->text + e->at + with.n, rest.p, rest.n);
	w->take(w->owner, span_of(w->text, e->at + with.n + rest.n), e);
}

static void
edits_with(struct writer *w, size_t at, char letter)
{
	struct edit e = { EDIT_INSERTION, at, '\0', letter };

	write_edit(w, &e, span_of(&letter, 1), 0);
	if (at == w->word.n || w->word.p[at] == (uint8_t)letter)
		return;
	e.kind = EDIT_SUBSTITUTION;
	e.meant = (char)w->word.p[at];
	write_edit(w, &e, span_of(&letter, 1), 1);
}

static void
edits_without(struct writer *w, size_t at)
{
	char swap[2] = { '\0', (char)w->word.p[at] };
	struct edit e = { EDIT_OMISSION, at, swap[1], '\0' };

	write_edit(w, &e, span_of("", 0), 1);
	if (at + 1 == w->word.n || w->word.p[at + 1] == w->word.p[at])
		return;
	swap[0] = (char)w->word.p[at + 1];
	e.kind = EDIT_TRANSPOSITION;
	e.typed = swap[0];
	write_edit(w, &e, span_of(swap, 2), 2);
}

void
edit_each(struct span word, const char *letters, edit_fn *take, void *owner)
{
	struct writer w = { .word = word, .take = take, .owner = owner };

	if (word.n > EDIT_WORD_MAX)
		return;
	for (size_t at = 0; at <= word.n; at++) {
		if (at < word.n)
			edits_without(&w, at);
		for (const char *letter = letters; *letter != '\0'; letter++)
			edits_with(&w, at, *letter);
	}
}
