/* Preloaded into a program under test. It does three things, each only when asked:
 *
 *   CHAOS_CONTROL=FILE  two machine-wide settings that the driver changes while the program runs (struct control):
 *                       an offset of the wall clock, and after how many file operations the program is to be killed;
 *   CHAOS_ROOT=FOLDER   the files that count as file operations, by the start of their path;
 *   CHAOS_LOG=FILE      a record of every file operation under CHAOS_ROOT, with its data, and of what is sent on
 *                       sockets and holds CHAOS_SENT: from it the driver works out what a power cut would leave.
 *
 * A write is logged when it has been done and before the program knows, a sync as its begin and its end. So what the
 * log shows as written before a sync's begin is all that the program may take for safe after that sync. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name)                                                     \
    static __typeof__(name) *real;                                     \
    if (!real) *(void **)(&real) = dlsym(RTLD_NEXT, #name)

struct control {
    _Atomic int64_t clock_offset_s;
    _Atomic int64_t countdown; /* The operation that brings it to 0 is the last one; 0: none is. */
    _Atomic int64_t manner;    /* 0: killed before that operation, 1: after it, 2: in the middle of a write. */
};

struct record {
    uint32_t magic;
    uint16_t op;
    uint16_t name_bytes;
    int64_t number; /* Offset of a write, length of a truncation, ticket of a sync. */
    uint32_t data_bytes;
    uint32_t pid;
};

static struct control idle;
static struct control *control = &idle;
static const char *root;
static const char *wanted_in_send;
static int log_fd = -1;
static _Atomic int64_t ticket;

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("CHAOS_CONTROL");
    if (file) {
        const int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0);
        void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) control = map;
    }
    root = getenv("CHAOS_ROOT");
    wanted_in_send = getenv("CHAOS_SENT");
    file = getenv("CHAOS_LOG");
    if (file) log_fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_tracked(const char *path) {
    /* SQLite's shared memory is rebuilt after a power cut, whatever stands in it. */
    const size_t size = strlen(path);
    if (!root || strncmp(path, root, strlen(root)) != 0) return 0;
    return size < 4 || strcmp(path + size - 4, "-shm") != 0;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, PATH_MAX - 1);
    if (size <= 0) return 0;
    path[size] = '\0';
    return is_tracked(path);
}

static void note(char op, const char *name, int64_t number, const struct iovec *data, int count, size_t bytes) {
    if (log_fd < 0) return;
    struct record record = {0x43484153, (uint16_t)op, (uint16_t)strlen(name), number, 0, (uint32_t)getpid()};
    struct iovec parts[10] = {{&record, sizeof record}, {(void *)name, strlen(name)}};
    int used = 2;
    for (int i = 0; i < count && used < 10 && bytes > 0; ++i, ++used) {
        parts[used] = data[i];
        if (parts[used].iov_len > bytes) parts[used].iov_len = bytes;
        bytes -= parts[used].iov_len;
        record.data_bytes += (uint32_t)parts[used].iov_len;
    }
    const int saved = errno;
    syscall(SYS_writev, log_fd, parts, used);
    errno = saved;
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

/* The manner in which this operation ends the program, or -1. */
static int fate(void) {
    if (atomic_load(&control->countdown) <= 0 || atomic_fetch_sub(&control->countdown, 1) != 1) return -1;
    const int manner = (int)atomic_load(&control->manner);
    if (manner == 0) die();
    return manner;
}

static void noted_write(int fd, char *path, ssize_t put, int64_t offset, const struct iovec *data, int count, int end) {
    if (put > 0) {
        if (offset < 0) offset = lseek(fd, 0, SEEK_CUR) - put;
        note('W', path, offset, data, count, (size_t)put);
    }
    if (end > 0) die();
}

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    char path[PATH_MAX];
    if (!root || !path_of(fd, path)) return real(fd, data, size);
    const int end = fate();
    const ssize_t put = real(fd, data, end == 2 ? size / 2 : size);
    const struct iovec part = {(void *)data, size};
    noted_write(fd, path, put, -1, &part, 1, end);
    return put;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    char path[PATH_MAX];
    if (!root || !path_of(fd, path)) return real(fd, parts, count);
    const int end = fate();
    struct iovec half[8];
    const int used = count < 8 ? count : 8;
    memcpy(half, parts, (size_t)used * sizeof *half);
    half[used - 1].iov_len /= 2;
    const ssize_t put = end == 2 ? real(fd, half, used) : real(fd, parts, count);
    noted_write(fd, path, put, -1, parts, count, end);
    return put;
}

static ssize_t positioned(ssize_t (*real)(int, const void *, size_t, off_t), int fd, const void *data, size_t size,
                          off_t at) {
    char path[PATH_MAX];
    if (!root || !path_of(fd, path)) return real(fd, data, size, at);
    const int end = fate();
    const ssize_t put = real(fd, data, end == 2 ? size / 2 : size, at);
    const struct iovec part = {(void *)data, size};
    noted_write(fd, path, put, at, &part, 1, end);
    return put;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(pwrite);
    return positioned(real, fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    return positioned(real, fd, data, size, at);
}

static int synced(int (*real)(int), int fd) {
    char path[PATH_MAX];
    if (!root || !path_of(fd, path)) return real(fd);
    const int end = fate();
    const int64_t mine = atomic_fetch_add(&ticket, 1);
    note('B', path, mine, NULL, 0, 0);
    const int result = real(fd);
    if (result == 0) note('E', path, mine, NULL, 0, 0);
    if (end > 0) die();
    return result;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return synced(real, fd);
}

int fsync(int fd) {
    REAL(fsync);
    return synced(real, fd);
}

static int truncated(int (*real)(int, off_t), int fd, off_t size) {
    char path[PATH_MAX];
    if (!root || !path_of(fd, path)) return real(fd, size);
    const int end = fate();
    const int result = real(fd, size);
    if (result == 0) note('T', path, size, NULL, 0, 0);
    if (end > 0) die();
    return result;
}

int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    return truncated(real, fd, size);
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    return truncated(real, fd, size);
}

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, int mode) {
    if (!(flags & O_CREAT) || !is_tracked(path)) return real(path, flags, mode);
    const int end = fate();
    const int is_new = access(path, F_OK) != 0;
    const int fd = real(path, flags, mode);
    if (fd >= 0 && is_new) note('C', path, 0, NULL, 0, 0);
    if (fd >= 0 && !is_new && (flags & O_TRUNC)) note('T', path, 0, NULL, 0, 0);
    if (end > 0) die();
    return fd;
}

static int mode_of(int flags, va_list more) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, int) : 0;
}

int open(const char *path, int flags, ...) {
    REAL(open);
    va_list more;
    va_start(more, flags);
    const int mode = mode_of(flags, more);
    va_end(more);
    return opened(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    va_list more;
    va_start(more, flags);
    const int mode = mode_of(flags, more);
    va_end(more);
    return opened(real, path, flags, mode);
}

int unlink(const char *path) {
    REAL(unlink);
    if (!is_tracked(path)) return real(path);
    const int end = fate();
    const int result = real(path);
    if (result == 0) note('U', path, 0, NULL, 0, 0);
    if (end > 0) die();
    return result;
}

int rename(const char *from, const char *to) {
    REAL(rename);
    if (!is_tracked(to)) return real(from, to);
    const int end = fate();
    const int result = real(from, to);
    const struct iovec target = {(void *)to, strlen(to)};
    if (result == 0) note('R', from, 0, &target, 1, strlen(to));
    if (end > 0) die();
    return result;
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    REAL(send);
    if (!wanted_in_send || !memmem(data, size, wanted_in_send, strlen(wanted_in_send))) {
        return real(fd, data, size, flags);
    }
    const int end = fate();
    const struct iovec part = {(void *)data, size};
    note('A', "", 0, &part, 1, size);
    const ssize_t put = real(fd, data, size, flags);
    if (end > 0) die();
    return put;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    const int result = real(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += atomic_load(&control->clock_offset_s);
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return (time_t)-1;
    if (out) *out = exact.tv_sec;
    return exact.tv_sec;
}
