/*
 * Stands in for the fuzzing engine: runs the target on each file named, or on
 * each file of each folder named, so that every seed is a test.  Without
 * arguments it takes the target's own seeds, tests/fuzz/corpus/NAME of the source
 * folder, NAME being what follows fuzz_ in the program's name.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t inputs;

static int
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		perror(path);
		return 1;
	}
	rewind(f);
	/* Exactly as large as the input, so that the sanitizer sees its end. */
	data = malloc(size ? (size_t)size : 1);
	if (data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size) {
		perror(path);
		return 1;
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	inputs++;
	return 0;
}

static int
run_path(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n, failed = 0;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return run_file(path);
	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0) {
		perror(path);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			failed |= run_path(file);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

int
main(int argc, char *argv[])
{
	const char *name = strstr(argv[0], "fuzz_");
	const char *srcdir = getenv("srcdir");
	char seeds[4096];
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= run_path(argv[i]);
	if (argc < 2 && name != NULL) {
		for (const char *p = name; (p = strstr(p + 1, "fuzz_")) != NULL;)
			name = p;
		snprintf(seeds, sizeof(seeds), "%s/tests/fuzz/corpus/%s",
		    srcdir ? srcdir : ".", name + strlen("fuzz_"));
		failed |= run_path(seeds);
	}
	printf("%zu inputs\n", inputs);
	return failed || inputs == 0;
}
