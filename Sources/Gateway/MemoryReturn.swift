/// Decides when to return freed memory to the system: once clients take much less than before. Pure.
///
/// On its own the allocator returns only the end of its heaps, and small live blocks keep it from returning the rest.
public struct MemoryReturn: Sendable {
    /// The decrease that makes a return worthwhile.
    private static let fallBytes = 4 * 1024 * 1024
    /// Above the uncounted memory of one connection: an idle one takes 858 bytes (docs/performance.md §2).
    private static let connectionBytes = 2 * 1024

    private var highest = 0

    public init() {}

    /// - Parameters:
    ///   - highest: the peak of the clients' memory since the last call, in bytes.
    ///   - now: the clients' current memory, in bytes.
    ///   - connections: the current number of connections.
    mutating func isDue(highest recent: Int, now: Int, connections: Int) -> Bool {
        let held = connections * Self.connectionBytes
        highest = max(highest, recent + held)
        guard highest - (now + held) >= Self.fallBytes else { return false }
        highest = now + held
        return true
    }
}
