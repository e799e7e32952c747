/* A wall clock that is set for one process, while it runs: loaded into it by LD_PRELOAD.

   TOLLGATE_TEST_CLOCK names a file of eight bytes, by how many seconds the wall clock is ahead, in the machine's byte
   order. It is mapped, so that a step takes effect at once in all threads. Only the wall clock is shifted, as
   clock_settime(2) would do: CLOCK_MONOTONIC and CLOCK_BOOTTIME, which time-outs are measured on, are the kernel's. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t none;
static _Atomic int64_t *ahead = &none;

__attribute__((constructor)) static void open_clock(void) {
    const char *path = getenv("TOLLGATE_TEST_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *place = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    if (place == MAP_FAILED) abort();
    close(file);
    ahead = place;
}

/* The system call in place of the library's function, which is this one. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    long result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI))
        time->tv_sec += atomic_load(ahead);
    return (int)result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *place) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (place) *place = now.tv_sec;
    return now.tv_sec;
}
