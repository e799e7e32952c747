/// When freed memory goes back to the system: once clients take much less than they did. Pure.
///
/// The allocator returns by itself only what lies at the end of its heaps, and small blocks that live on keep the rest.
public struct MemoryReturn: Sendable {
    /// A fall of so many bytes is worth it.
    private static let fallBytes = 4 * 1024 * 1024
    /// About what a connection holds besides what is counted.
    private static let connectionBytes = 2 * 1024

    private var highest = 0

    public init() {}

    /// - Parameters:
    ///   - highest: the most that clients took since this was asked last, in bytes.
    ///   - now: what they take at this moment, in bytes.
    ///   - connections: how many there are.
    mutating func isDue(highest recent: Int, now: Int, connections: Int) -> Bool {
        let held = connections * Self.connectionBytes
        highest = max(highest, recent + held)
        guard highest - (now + held) >= Self.fallBytes else { return false }
        highest = now + held
        return true
    }
}
