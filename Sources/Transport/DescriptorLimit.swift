import Glibc

/// The number of descriptors that the process may have open, RLIMIT_NOFILE of getrlimit(2). Any thread.
public enum DescriptorLimit {
    // Swift imports the constant with another type than the parameter has.
    private static let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))

    /// The soft limit, which is the one in force.
    public static var current: Int { limits.map { number($0.rlim_cur) } ?? Int.max }

    /// Raises the soft limit to the hard one: every connection takes a descriptor. Where the system refuses that, the
    /// limit stays as it is.
    ///
    /// - Returns: the limit before.
    public static func raise() -> Int {
        let before = current
        guard var raised = limits else { return before }
        raised.rlim_cur = raised.rlim_max
        _ = unsafe setrlimit(resource, &raised)
        return before
    }

    /// Whether this many more descriptors can be opened; those that the process was started with may prevent it.
    public static func canOpen(_ count: Int) -> Bool {
        let first = SystemCalls.streamSocket(family: AF_INET)
        guard first >= 0 else { return false }
        var opened = [first]
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < count {
            let next = fcntl(first, F_DUPFD_CLOEXEC, 0)
            guard next >= 0 else { return false }
            opened.append(next)
        }
        return true
    }

    private static var limits: rlimit? {
        var limit = rlimit()
        return unsafe getrlimit(resource, &limit) == 0 ? limit : nil
    }

    /// RLIM_INFINITY is the largest number there is.
    private static func number(_ value: rlim_t) -> Int { Int(clamping: value) }
}
