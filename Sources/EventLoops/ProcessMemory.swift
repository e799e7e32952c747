internal import CLibevent

/// The memory of the process, which holds secrets and what clients send.
public enum ProcessMemory {
    /// From now on no core dump has it, and only root may look into it.
    public static func hide() {
        let result = tollgate_prctl_forbid_dumps()
        precondition(result == 0, "prctl(2) PR_SET_DUMPABLE")
    }
}
