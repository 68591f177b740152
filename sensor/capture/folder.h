#ifndef CAPTURE_FOLDER_H
#define CAPTURE_FOLDER_H

/* The files below a folder, in an order that depends on their names alone. */

#include "base/span.h"

enum { FOLDER_DEPTH = 32 }; /* folders inside each other at most */

/* Called with "folder/entry" of each file, and of what cannot be read, why. */
struct folder_sink {
	void (*file)(void *arg, const char *path);
	void (*error)(void *arg, const char *path, const char *what);
	void *arg;
};

/*
 * All regular files below path: entries of a folder by name (octets compared),
 * folders among them where their name stands.  Links to files count as files,
 * links to folders are passed over, and so are devices, sockets and pipes.
 */
void folder_walk(const char *path, const struct folder_sink *sink);

#endif
