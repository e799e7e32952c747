import Vocabulary

/// Numbers that only grow, by keys of a bounded set. Guarded: for what is counted off the way of a hit.
public final class CounterTable<Key: Hashable & Sendable>: Sendable {
    @usableFromInline
    struct Counts {
        @usableFromInline var table: [Key: Int64] = [:]
        /// The key that was counted last, and what was added since it came. The same one often comes many times in a
        /// row, and takes no hash then.
        @usableFromInline var last: Key?
        @usableFromInline var added: Int64 = 0

        @inlinable
        init() {}

        @inlinable
        mutating func add(_ key: Key, _ amount: Int64) {
            if last != key {
                settle()
                last = key
            }
            added = added.saturatingAdd(amount)
        }

        /// Takes over into the table what was added since the last key came.
        @inlinable
        mutating func settle() {
            guard let last else { return }
            let count = table[last] ?? 0
            table[last] = count.saturatingAdd(added)
            added = 0
        }
    }

    @usableFromInline
    let counts = Guarded(Counts())

    @inlinable
    public init() {}

    /// Adds an amount. Any thread.
    ///
    /// - Parameters:
    ///   - key: of a set that no client can enlarge without end.
    ///   - amount: what is below zero counts as zero.
    @inlinable
    public func add(_ key: Key, _ amount: Int64 = 1) { counts.withLock { $0.add(key, max(0, amount)) } }

    /// The numbers above zero, and those that zero was added to. Any thread.
    public var reading: [Key: Int64] {
        counts.withLock { counts in
            counts.settle()
            return counts.table
        }
    }
}
