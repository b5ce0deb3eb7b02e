/* What does a program ask of the disk? Preloaded, this notes every write, truncation, sync and naming of files in one
 * directory, in the order in which they were done, so that a power cut can be replayed at any moment.
 *
 * Each record: a letter, then numbers of 8 bytes (which, offset, length), then `length` bytes. The letters:
 *   P  a process begins; whatever numbers the files had before are void
 *   O  opened: number of the file, its path          C  closed
 *   W  written: number, offset, bytes                T  truncated: number, new size
 *   B  a sync begins: number                         E  that sync has ended: what was written before its B is durable
 *   U  unlinked: path                                R  renamed: both paths, with a NUL between them
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 4096

/* Order in the log is order on the disk: every change is made and noted under this. */
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char followed[MOST];
static const char *directory;
static size_t directory_length;
static int notes = -1;

static void note(char letter, uint64_t which, uint64_t offset, uint64_t length, const void *bytes) {
    uint64_t numbers[3] = {which, offset, length};
    struct iovec parts[3] = {{&letter, 1}, {numbers, sizeof numbers}, {(void *)bytes, length}};
    /* One call, so that no other process of this test comes in between; half a record would be no record. */
    if (syscall(SYS_writev, notes, parts, 3) != (long)(1 + sizeof numbers + length)) abort();
}

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("RECORD_TO");
    directory = getenv("RECORD_UNDER");
    if (!file || !directory) return;
    directory_length = strlen(directory);
    notes = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (notes < 0) abort();
    note('P', 0, 0, 0, "");
}

/* The index of the write-ahead log is rebuilt from the log after a crash, and so does not matter. */
static int matters(const char *path) {
    if (notes < 0 || strncmp(path, directory, directory_length) != 0) return 0;
    size_t length = strlen(path);
    return length < 4 || strcmp(path + length - 4, "-shm") != 0;
}

static int follows(int fd) { return fd >= 0 && fd < MOST && followed[fd]; }

static int opened(int at, const char *path, int flags, mode_t mode) {
    pthread_mutex_lock(&order);
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    int why = errno;
    if (fd >= 0 && matters(path)) {
        if (fd >= MOST) abort();
        followed[fd] = 1;
        note('O', (uint64_t)fd, 0, strlen(path), path);
        if (flags & O_TRUNC) note('T', (uint64_t)fd, 0, 0, "");
    }
    pthread_mutex_unlock(&order);
    errno = why;
    return fd;
}

#define MODE(last)                                  \
    mode_t mode = 0;                                \
    if (flags & (O_CREAT | O_TMPFILE)) {            \
        va_list more;                               \
        va_start(more, last);                       \
        mode = (mode_t)va_arg(more, int);           \
        va_end(more);                               \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }

int close(int fd) {
    if (!follows(fd)) return (int)syscall(SYS_close, fd);
    pthread_mutex_lock(&order);
    followed[fd] = 0;
    note('C', (uint64_t)fd, 0, 0, "");
    int result = (int)syscall(SYS_close, fd);
    int why = errno;
    pthread_mutex_unlock(&order);
    errno = why;
    return result;
}

static ssize_t written(int fd, const void *bytes, size_t length, off_t offset) {
    pthread_mutex_lock(&order);
    if (offset < 0) offset = lseek(fd, 0, SEEK_CUR);
    ssize_t result = syscall(SYS_pwrite64, fd, bytes, length, offset);
    int why = errno;
    if (result > 0) note('W', (uint64_t)fd, (uint64_t)offset, (uint64_t)result, bytes);
    pthread_mutex_unlock(&order);
    errno = why;
    return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    if (!follows(fd)) return syscall(SYS_pwrite64, fd, bytes, length, offset);
    return written(fd, bytes, length, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return pwrite(fd, bytes, length, offset); }

ssize_t write(int fd, const void *bytes, size_t length) {
    if (!follows(fd)) return syscall(SYS_write, fd, bytes, length);
    ssize_t result = written(fd, bytes, length, -1);
    if (result > 0) lseek(fd, result, SEEK_CUR);
    return result;
}

int ftruncate(int fd, off_t size) {
    if (!follows(fd)) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&order);
    int result = (int)syscall(SYS_ftruncate, fd, size);
    int why = errno;
    if (result == 0) note('T', (uint64_t)fd, (uint64_t)size, 0, "");
    pthread_mutex_unlock(&order);
    errno = why;
    return result;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

/* Others write on while a sync runs, and what they write is not in it. */
static int synced(long how, int fd) {
    if (!follows(fd)) return (int)syscall(how, fd);
    pthread_mutex_lock(&order);
    note('B', (uint64_t)fd, 0, 0, "");
    pthread_mutex_unlock(&order);
    int result = (int)syscall(how, fd);
    int why = errno;
    pthread_mutex_lock(&order);
    if (result == 0) note('E', (uint64_t)fd, 0, 0, "");
    pthread_mutex_unlock(&order);
    errno = why;
    return result;
}
int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }

int unlink(const char *path) {
    pthread_mutex_lock(&order);
    int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    int why = errno;
    if (result == 0 && matters(path)) note('U', 0, 0, strlen(path), path);
    pthread_mutex_unlock(&order);
    errno = why;
    return result;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&order);
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    int why = errno;
    if (result == 0 && (matters(from) || matters(to))) {
        char both[8192];
        size_t first = strlen(from) + 1, second = strlen(to);
        if (first + second > sizeof both) abort();
        memcpy(both, from, first);
        memcpy(both + first, to, second);
        note('R', 0, 0, first + second, both);
    }
    pthread_mutex_unlock(&order);
    errno = why;
    return result;
}
