public import Synchronization
public import Vocabulary

/// A number that only grows. Atomic: any thread reads, one thread writes.
///
/// The writer loads, adds and stores: no lock and no atomic read-modify-write, which would cost a hit more than all the
/// rest of its counting. It saturates, so that no amount from outside makes a counter go down.
public final class Counter: Sendable {
    @usableFromInline
    let cell = Atomic<Int64>(0)

    public init() {}

    /// Adds an amount. Called by the counter's one writer.
    ///
    /// - Parameter amount: what is below zero counts as zero.
    @inlinable @inline(__always)
    public func add(_ amount: Int64 = 1) {
        let before = cell.load(ordering: .relaxed)
        cell.store(before.saturatingAdd(max(0, amount)), ordering: .relaxed)
    }

    /// The value now, or that of a moment ago. Any thread.
    public var value: Int64 { cell.load(ordering: .relaxed) }
}
