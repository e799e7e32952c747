import Glibc

/// The memory available to this process: the smallest of its control groups' limits, its own limits and the machine's
/// memory.
enum MemoryLimit {
    /// In bytes.
    static var bytes: Int {
        let groups = ControlGroups(membership: text(of: "/proc/self/cgroup"), mounts: text(of: "/proc/self/mountinfo"))
        let limits = groups.limitFiles.compactMap { ControlGroups.limit(text(of: $0)) }
        return (limits + processLimits + [machineBytes]).min() ?? machineBytes
    }

    /// RLIMIT_DATA and RLIMIT_AS, by their numbers on Linux.
    private static var processLimits: [Int] {
        [2, 9].compactMap { number in
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(number), &limit) == 0 else { return nil }
            return Int(exactly: limit.rlim_cur).flatMap { $0 > 0 ? $0 : nil }
        }
    }

    private static var machineBytes: Int {
        let pages = max(1, sysconf(Int32(_SC_PHYS_PAGES)))
        let (product, overflow) = pages.multipliedReportingOverflow(by: max(1, sysconf(Int32(_SC_PAGESIZE))))
        return overflow ? .max : product
    }

    /// Reads a short file of the kernel; empty when it cannot be read.
    private static func text(of path: String) -> String {
        guard let file = fopen(path, "re") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 256 * 1024)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
