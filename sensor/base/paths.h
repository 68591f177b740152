#ifndef BASE_PATHS_H
#define BASE_PATHS_H

/* Where the files that are installed with the program are found. */

/*
 * The path of a shipped file or folder, such as "rules" or "rules/lists/tlds.txt":
 * beside the running program when it stands in a build tree, else where it is
 * installed.  The caller frees it.  Nothing is said about whether it exists.
 */
char *shipped_path(const char *name);
/* The same for a file that the build makes, and that is of this machine's kind only. */
char *built_path(const char *name);

#endif
