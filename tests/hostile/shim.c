/* Counts the calls by which a process changes files below one folder, and at the n-th of them kills it or fails.
   Preloaded (LD_PRELOAD) and armed by the process itself: torture_arm(root, n, errno, sticky).
   errno 0: SIGKILL before the call. sticky: every later call that needs space fails as well. n 0: only count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sendfile.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char root[4096];
static size_t length;
static long at, count, no_exchange;
static int failure, lasting, armed;
static char ours[65536]; /* descriptors that are files below the root */

void torture_arm(const char *folder, long n, int error, int sticky, long without_exchange) {
  strncpy(root, folder, sizeof root - 1);
  length = strlen(root);
  at = n, count = 0, failure = error, lasting = sticky, no_exchange = without_exchange, armed = 1;
}

long torture_count(void) { return count; }

static int below(int folder, const char *path) {
  (void)folder; /* a relative path is below it: the process works in there */
  return armed && (path[0] != '/' || !strncmp(path, root, length));
}

/* 1: the call must fail. */
static int due(int needs_space) {
  count++;
  if (at && (count == at || (lasting && needs_space && count > at))) {
    if (!failure) {
      kill(getpid(), SIGKILL);
      for (;;) pause();
    }
    errno = failure;
    return 1;
  }
  return 0;
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define ONE(name, declared, given, folder, path, space) \
  int name declared { REAL(name); if (below(folder, path) && due(space)) return -1; return real given; }

ONE(mkdir, (const char *p, mode_t m), (p, m), AT_FDCWD, p, 1)
ONE(mkdirat, (int d, const char *p, mode_t m), (d, p, m), d, p, 1)
ONE(rmdir, (const char *p), (p), AT_FDCWD, p, 0)
ONE(unlink, (const char *p), (p), AT_FDCWD, p, 0)
ONE(unlinkat, (int d, const char *p, int f), (d, p, f), d, p, 0)
ONE(rename, (const char *a, const char *b), (a, b), AT_FDCWD, b, 0)
ONE(renameat, (int c, const char *a, int d, const char *b), (c, a, d, b), d, b, 0)
ONE(link, (const char *a, const char *b), (a, b), AT_FDCWD, b, 1)
ONE(linkat, (int c, const char *a, int d, const char *b, int f), (c, a, d, b, f), d, b, 1)
ONE(symlink, (const char *a, const char *b), (a, b), AT_FDCWD, b, 1)
ONE(symlinkat, (const char *a, int d, const char *b), (a, d, b), d, b, 1)
ONE(chmod, (const char *p, mode_t m), (p, m), AT_FDCWD, p, 0)
ONE(fchmodat, (int d, const char *p, mode_t m, int f), (d, p, m, f), d, p, 0)
ONE(truncate, (const char *p, off_t n), (p, n), AT_FDCWD, p, 1)
ONE(mkfifo, (const char *p, mode_t m), (p, m), AT_FDCWD, p, 1)
ONE(utimensat, (int d, const char *p, const struct timespec t[2], int f), (d, p, t, f), d, p, 0)

int renameat2(int c, const char *a, int d, const char *b, unsigned int f) {
  REAL(renameat2);
  if (below(d, b)) {
    if (no_exchange) { errno = ENOSYS; return -1; }
    if (due(0)) return -1;
  }
  return real(c, a, d, b, f);
}

static int opened(int descriptor, int counted) {
  if (descriptor >= 0 && descriptor < (int)sizeof ours) ours[descriptor] = (char)counted;
  return descriptor;
}

#define OPEN(name, declared, given, folder) \
  int name declared { \
    REAL(name); \
    mode_t m = 0; \
    if (f & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, f); m = va_arg(more, mode_t); va_end(more); } \
    int counted = below(folder, p) && (f & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)); \
    if (counted && due(1)) return -1; \
    return opened(real given, counted); }

OPEN(open, (const char *p, int f, ...), (p, f, m), AT_FDCWD)
OPEN(open64, (const char *p, int f, ...), (p, f, m), AT_FDCWD)
OPEN(openat, (int d, const char *p, int f, ...), (d, p, f, m), d)
OPEN(openat64, (int d, const char *p, int f, ...), (d, p, f, m), d)

#define OWN(d) (armed && (d) >= 0 && (d) < (int)sizeof ours && ours[d])
ssize_t write(int d, const void *b, size_t n) { REAL(write); if (OWN(d) && due(1)) return -1; return real(d, b, n); }
ssize_t pwrite(int d, const void *b, size_t n, off_t o) { REAL(pwrite); if (OWN(d) && due(1)) return -1; return real(d, b, n, o); }
ssize_t writev(int d, const struct iovec *v, int n) { REAL(writev); if (OWN(d) && due(1)) return -1; return real(d, v, n); }
ssize_t sendfile(int d, int s, off_t *o, size_t n) { REAL(sendfile); if (OWN(d) && due(1)) return -1; return real(d, s, o, n); }
ssize_t copy_file_range(int s, off_t *a, int d, off_t *b, size_t n, unsigned int f) { REAL(copy_file_range); if (OWN(d) && due(1)) return -1; return real(s, a, d, b, n, f); }
int ftruncate(int d, off_t n) { REAL(ftruncate); if (OWN(d) && due(1)) return -1; return real(d, n); }
int fchmod(int d, mode_t m) { REAL(fchmod); if (OWN(d) && due(0)) return -1; return real(d, m); }
int fsync(int d) { REAL(fsync); if (OWN(d) && due(0)) return -1; return real(d); }
int close(int d) { REAL(close); if (d >= 0 && d < (int)sizeof ours) ours[d] = 0; return real(d); }
