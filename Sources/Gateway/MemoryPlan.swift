/// The partition of the process's memory, decided once at the start. Pure; immutable.
///
/// Clients get a quarter and results at most three eighths. The rest is for what neither budget counts: the program and
/// its store, idle connections, replies of the vendor under way, and the allocator's overhead.
public struct MemoryPlan: Sendable, Equatable {
    /// The memory that the system grants the process, in bytes.
    public let limitBytes: Int
    /// The maximum for clients' buffers, bodies and questions together, in bytes.
    public let clientBytesMax: Int
    /// The part of `clientBytesMax` for connections that have shown no valid key, in bytes.
    public let strangerBytesMax: Int

    /// The part of `clientBytesMax` for connections that have, in bytes.
    public var teamBytesMax: Int { clientBytesMax - strangerBytesMax }

    /// - Parameter limitBytes: the least of the limits of cgroup, process and machine; at least 1.
    public init(limitBytes: Int) {
        precondition(limitBytes > 0, "a process without memory")
        self.limitBytes = limitBytes
        clientBytesMax = limitBytes / 4
        strangerBytesMax = clientBytesMax / 8
    }

    /// The maximum memory for results, in bytes.
    ///
    /// - Parameter configured: `cache.memory`, in bytes.
    public func cacheBytesMax(configured: Int) -> Int { min(configured, limitBytes / 8 * 3) }
}

/// The current use of the memory for clients, for the admin side.
public struct MemoryStatus: Sendable {
    public let plan: MemoryPlan
    /// The maximum memory for results, in bytes.
    public let cacheBytesMax: Int
    /// Taken by connections that have shown a valid key and by their requests, in bytes.
    public let teamBytes: Int
    /// Taken by connections that have not, in bytes.
    public let strangerBytes: Int
}
