/// How the memory that the process may take is shared out, decided once at the start. Pure; immutable.
///
/// Clients have a quarter and results at most three eighths. The rest is for what neither counts: the program and its
/// store, connections that are idle, replies of the vendor under way, and what the allocator cannot use.
public struct MemoryPlan: Sendable, Equatable {
    /// What the system lets the process have, in bytes.
    public let limitBytes: Int
    /// What clients' buffers, bodies and questions may take together, in bytes.
    public let clientBytesMax: Int
    /// The part of `clientBytesMax` for connections that have shown no valid key, in bytes.
    public let strangerBytesMax: Int

    /// The part for those who have, in bytes.
    public var teamBytesMax: Int { clientBytesMax - strangerBytesMax }

    /// - Parameter limitBytes: the least of what cgroup, process and machine have; at least 1.
    public init(limitBytes: Int) {
        precondition(limitBytes > 0, "a process without memory")
        self.limitBytes = limitBytes
        clientBytesMax = limitBytes / 4
        strangerBytesMax = clientBytesMax / 8
    }

    /// What results may take in memory, in bytes.
    ///
    /// - Parameter configured: `cache.memory`, in bytes.
    public func cacheBytesMax(configured: Int) -> Int { min(configured, limitBytes / 8 * 3) }
}

/// How much of the memory that is set aside for clients is taken at this moment, for the admin side.
public struct MemoryStatus: Sendable {
    public let plan: MemoryPlan
    /// What results may take, in bytes.
    public let cacheBytesMax: Int
    /// By connections that have shown a valid key and by their requests, in bytes.
    public let teamBytes: Int
    /// By connections that have not, in bytes.
    public let strangerBytes: Int
}
