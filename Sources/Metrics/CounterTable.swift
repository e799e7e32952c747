import Vocabulary

/// Numbers that only grow, by keys of a bounded set. Guarded: for what is counted off the way of a hit.
public final class CounterTable<Key: Hashable & Sendable>: Sendable {
    @usableFromInline
    let counts = Guarded<[Key: Int64]>([:])

    @inlinable
    public init() {}

    /// Adds an amount. Any thread.
    ///
    /// - Parameters:
    ///   - key: of a set that no client can enlarge without end.
    ///   - amount: what is below zero counts as zero.
    @inlinable
    public func add(_ key: Key, _ amount: Int64 = 1) {
        counts.withLock { counts in
            // In place: one look-up.
            let added = max(0, amount)
            Self.add(added, to: &counts[key, default: 0])
        }
    }

    @inlinable @inline(__always)
    static func add(_ amount: Int64, to count: inout Int64) { count = count.saturatingAdd(amount) }

    /// The numbers above zero, and those that zero was added to. Any thread.
    public var reading: [Key: Int64] { counts.withLock { $0 } }
}
