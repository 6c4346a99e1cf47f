/* Preloaded into a process: changes to files below a folder are counted, noted in a log, or fail.

   Built by tests/disturbances/starter.py; set up by `watch`. What fails is the system call, as on a broken disk. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char root[PATH_MAX], store[PATH_MAX];
static size_t root_length;
static int log_file = -1, fail_error, fails_on, copies;
static long fail_at, count, in_a_row;
static char last_written[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name, type, ...) static type (*real)(__VA_ARGS__); \
  if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static ssize_t raw_write(int file, const void *data, size_t size) {
  REAL(write, ssize_t, int, const void *, size_t);
  return real(file, data, size);
}

static int raw_open(const char *path, int flags) {
  REAL(open64, int, const char *, int, ...);
  return real(path, flags, 0644);
}

/* folder: below which changes count. log: file for the notes, or NULL; the content of what is synced goes to log.N.
   at: which change fails with the error, from 1; 0 for none. on: whether all after it fail as well. */
void watch(const char *folder, const char *log, long at, int error, int on) {
  snprintf(root, sizeof root, "%s/", folder);
  root_length = strlen(root);
  fail_at = at, fail_error = error, fails_on = on, count = 0;
  if (log) {
    snprintf(store, sizeof store, "%s", log);
    log_file = raw_open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC);
  }
}

long changes(void) { return count; }

static void absolute(int folder, const char *path, char *out) {
  char link[64], base[PATH_MAX];
  ssize_t length = 0;
  if (path && path[0] == '/') { snprintf(out, PATH_MAX, "%s", path); return; }
  if (folder == AT_FDCWD) {
    if (!getcwd(base, sizeof base)) base[0] = 0;
  } else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    length = readlink(link, base, sizeof base - 1);
    base[length < 0 ? 0 : length] = 0;
  }
  if (path) snprintf(out, PATH_MAX, "%s/%s", base, path); else snprintf(out, PATH_MAX, "%s", base);
}

static int below(const char *path) {
  return root_length && (!strncmp(path, root, root_length) || !strncmp(path, root, root_length - 1) && !path[root_length - 1]);
}

/* Of the writes to one file in a row the 1st, 8th, 64th and so on count: what fails between leaves the same behind. */
static int counts(const char *written) {
  long at = 1;
  if (!written || strcmp(written, last_written)) {
    snprintf(last_written, sizeof last_written, "%s", written ? written : "");
    in_a_row = 0;
  }
  for (in_a_row++; at < in_a_row;) at *= 8;
  return at == in_a_row;
}

/* Whether a change, which may be a write, may be made; if not, errno is set. */
static int may_change(const char *path, int is_write) {
  if (!below(path)) return 1;
  pthread_mutex_lock(&lock);
  int is_counted = counts(is_write ? path : NULL);
  long number = count += is_counted;
  pthread_mutex_unlock(&lock);
  int fails = fails_on ? number >= fail_at : is_counted && number == fail_at;
  if (fail_at && fails) { errno = fail_error; return 0; }
  return 1;
}

static int may(const char *path) { return may_change(path, 0); }

static void copy(const char *path, int number) {
  char name[PATH_MAX + 16], block[65536];
  ssize_t size;
  snprintf(name, sizeof name, "%s.%d", store, number);
  int from = raw_open(path, O_RDONLY), to = raw_open(name, O_WRONLY | O_CREAT | O_TRUNC);
  while ((size = read(from, block, sizeof block)) > 0) raw_write(to, block, size);
  close(from), close(to);
}

static void note(const char *what, const char *path, const char *other, int with_content) {
  if (log_file < 0 || !(below(path) || (other && below(other)))) return;
  int kept = errno;
  char line[2 * PATH_MAX + 64];
  pthread_mutex_lock(&lock);
  if (with_content) copy(path, ++copies);
  snprintf(line, sizeof line, "%s\t%s\t%s\t%d\n", what, path, other ? other : "", with_content ? copies : 0);
  raw_write(log_file, line, strlen(line));
  pthread_mutex_unlock(&lock);
  errno = kept;
}

static int opening(int folder, const char *path, int flags, mode_t mode) {
  REAL(openat64, int, int, const char *, int, ...);
  char name[PATH_MAX];
  int makes = flags & (O_CREAT | O_TRUNC);
  absolute(folder, path, name);
  int is_new = makes && access(name, F_OK);
  if (makes && (is_new || flags & O_TRUNC) && !may(name)) return -1;
  int file = real(folder, path, flags, mode);
  if (file >= 0 && is_new) note("make-file", name, NULL, 0);
  return file;
}

#define OPEN(name) int name(const char *path, int flags, ...) { \
  va_list rest; va_start(rest, flags); mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; va_end(rest); \
  return opening(AT_FDCWD, path, flags, mode); }
OPEN(open)
OPEN(open64)
#define OPENAT(name) int name(int folder, const char *path, int flags, ...) { \
  va_list rest; va_start(rest, flags); mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; va_end(rest); \
  return opening(folder, path, flags, mode); }
OPENAT(openat)
OPENAT(openat64)

#define ON_FILE(type, name, parameters, ...) type name parameters { \
  REAL(name, type, TYPES_##name); char path[PATH_MAX]; absolute(file, NULL, path); \
  if (!may_change(path, 1)) return -1; type given = real(__VA_ARGS__); note("write", path, NULL, 0); return given; }
#define TYPES_writev int, const struct iovec *, int
#define TYPES_pwrite int, const void *, size_t, off_t
#define TYPES_pwrite64 int, const void *, size_t, off64_t
#define TYPES_ftruncate int, off_t
#define TYPES_ftruncate64 int, off64_t
ssize_t write(int file, const void *data, size_t size) {
  char path[PATH_MAX];
  absolute(file, NULL, path);
  if (!may_change(path, 1)) return -1;
  ssize_t given = raw_write(file, data, size);
  note(file == 1 ? "said" : "write", file == 1 ? root : path, NULL, 0);
  return given;
}
ON_FILE(ssize_t, writev, (int file, const struct iovec *data, int parts), file, data, parts)
ON_FILE(ssize_t, pwrite, (int file, const void *data, size_t size, off_t at), file, data, size, at)
ON_FILE(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), file, data, size, at)
ON_FILE(int, ftruncate, (int file, off_t size), file, size)
ON_FILE(int, ftruncate64, (int file, off64_t size), file, size)

#define SYNC(name) int name(int file) { \
  REAL(name, int, int); char path[PATH_MAX]; struct stat about; absolute(file, NULL, path); \
  if (!may(path)) return -1; int given = real(file), is_folder = !fstat(file, &about) && S_ISDIR(about.st_mode); \
  if (!given) note(is_folder ? "sync-folder" : "sync-file", path, NULL, !is_folder); return given; }
SYNC(fsync)
SYNC(fdatasync)

static int on_path(int given, const char *what, const char *path, const char *other) {
  if (!given) note(what, path, other, 0);
  return given;
}

#define AT_PATH(name, what, folder, path, parameters, types, ...) int name parameters { \
  REAL(name, int, types); char full[PATH_MAX]; absolute(folder, path, full); \
  return may(full) ? on_path(real(__VA_ARGS__), what, full, NULL) : -1; }
#define T(...) __VA_ARGS__
AT_PATH(mkdir, "make-folder", AT_FDCWD, path, (const char *path, mode_t mode), T(const char *, mode_t), path, mode)
AT_PATH(mkdirat, "make-folder", folder, path, (int folder, const char *path, mode_t mode), T(int, const char *, mode_t), folder, path, mode)
AT_PATH(unlink, "unlink", AT_FDCWD, path, (const char *path), T(const char *), path)
AT_PATH(rmdir, "unlink", AT_FDCWD, path, (const char *path), T(const char *), path)
AT_PATH(unlinkat, "unlink", folder, path, (int folder, const char *path, int flags), T(int, const char *, int), folder, path, flags)
AT_PATH(truncate, "write", AT_FDCWD, path, (const char *path, off_t size), T(const char *, off_t), path, size)
AT_PATH(truncate64, "write", AT_FDCWD, path, (const char *path, off64_t size), T(const char *, off64_t), path, size)

int symlink(const char *target, const char *path) {
  REAL(symlink, int, const char *, const char *);
  char full[PATH_MAX];
  absolute(AT_FDCWD, path, full);
  return may(full) ? on_path(real(target, path), "link", full, target) : -1;
}

static int hard_link(int given, int from_folder, const char *from, const char *full) {
  char old[PATH_MAX];
  absolute(from_folder, from, old);
  return on_path(given, "hard-link", full, old);
}

int link(const char *from, const char *to) {
  REAL(link, int, const char *, const char *);
  char full[PATH_MAX];
  absolute(AT_FDCWD, to, full);
  return may(full) ? hard_link(real(from, to), AT_FDCWD, from, full) : -1;
}

int linkat(int from_folder, const char *from, int folder, const char *to, int flags) {
  REAL(linkat, int, int, const char *, int, const char *, int);
  char full[PATH_MAX];
  absolute(folder, to, full);
  return may(full) ? hard_link(real(from_folder, from, folder, to, flags), from_folder, from, full) : -1;
}

int rename(const char *from, const char *to) {
  REAL(rename, int, const char *, const char *);
  char old[PATH_MAX], new[PATH_MAX];
  absolute(AT_FDCWD, from, old), absolute(AT_FDCWD, to, new);
  return may(new) ? on_path(real(from, to), "rename", old, new) : -1;
}
