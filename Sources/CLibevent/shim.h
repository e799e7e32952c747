#ifndef TOLLGATE_CLIBEVENT_SHIM_H
#define TOLLGATE_CLIBEVENT_SHIM_H
// These two come first: libevent's event-config.h defines _GNU_SOURCE, which changes `fd_set` where it is
// included before them, and then no file can import both this module and Glibc.
#include <sys/types.h>
#include <sys/select.h>
// eventfd(2), by which mailboxes wake a loop, stands in no header of the Glibc module.
#include <sys/eventfd.h>
#include <event2/event.h>
// mallopt(3) and malloc_trim(3) stand in no header of the Glibc module.
#include <malloc.h>
#include <link.h>
#include <event2/util.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

// prctl(2) is variadic; names the calling thread, cut to 15 bytes.
static inline int tollgate_prctl_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

// setpriority(2): the type of its first parameter differs with _GNU_SOURCE. 0 is the calling thread on Linux.
static inline int tollgate_lower_priority(int nice) { return setpriority(PRIO_PROCESS, 0, nice); }

// prctl(2) again: no core dump of the process, and no other user's debugger on it.
static inline int tollgate_prctl_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// sem_clockwait(3) is declared only under _GNU_SOURCE, as accept4 below: a wait that no step of the wall clock changes.
static inline int tollgate_sem_wait_until(sem_t *semaphore, const struct timespec *monotonic) {
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, monotonic);
}

#ifndef __USE_GNU
// dl_iterate_phdr(3) and what it tells are declared only under _GNU_SOURCE too. Newer members follow these four.
struct dl_phdr_info {
    ElfW(Addr) dlpi_addr;
    const char *dlpi_name;
    const ElfW(Phdr) *dlpi_phdr;
    ElfW(Half) dlpi_phnum;
};
int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *info, size_t size, void *data), void *data);
#endif

// accept4(2) is declared only under _GNU_SOURCE, which Swift's Glibc module does not define and libevent's header does.
static inline int tollgate_accept4(int descriptor, struct sockaddr *peer, socklen_t *length, int flags) {
    return accept4(descriptor, peer, length, flags);
}
#endif
