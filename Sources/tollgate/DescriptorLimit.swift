import Glibc

/// The number of descriptors the process may have open.
enum DescriptorLimit {
    /// Raises it as far as the system lets us: every connection takes one.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(7), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(7), &limit)
    }
}
