internal import CLibevent

/// The memory of the process, which holds secrets and what clients send.
public enum ProcessMemory {
    /// From now on no core dump has it, and only root may look into it.
    public static func hide() {
        let result = tollgate_prctl_forbid_dumps()
        precondition(result == 0, "prctl(2) PR_SET_DUMPABLE")
    }

    /// From now on a large block is a mapping of its own, which the system has back as soon as it is freed, mallopt(3).
    ///
    /// By itself glibc raises that bound with the largest block it has seen freed, up to 32 MiB; then bodies lie among
    /// small blocks that live on, and their memory stays with the process for good. Another allocator may not know the
    /// advice, as the address sanitizer's does not.
    public static func keepLargeBlocksApart() { _ = mallopt(M_MMAP_THRESHOLD, largeBlockBytes) }

    /// Above what a hit, a head or an ordinary body ever takes at once: those go on without a system call.
    private static let largeBlockBytes: Int32 = 128 * 1024

    /// Gives whole pages of freed memory back to the system, malloc_trim(3). Any thread; takes some milliseconds for
    /// each 100 MiB, in which other threads wait for their arena.
    public static func giveBack() { _ = malloc_trim(0) }

    /// Gives back what the start alone needed: freed memory as above, and pages of the program and of its libraries,
    /// which are mapped again as they are touched.
    public static func giveBackStart() {
        giveBack()
        ProgramPages.giveBack()
    }
}
