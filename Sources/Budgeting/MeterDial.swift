public import Synchronization
public import Vocabulary

/// The amount left in one scope's enforced budgets and the instants for which it holds. Atomic: set under the gate's
/// lock, read by any thread without a lock.
///
/// A seqlock over three words: `version` is odd during a write, and a reader that saw an odd or changed version has
/// read nothing. Each load acquires all writes before the word it read, `version` included, so a reader that saw a new
/// word also sees the new version. While the instants stay the same, the amount alone is replaced, in one store.
@usableFromInline
final class MeterDial: Sendable {
    /// Means a scope without an enforced budget; above any limit.
    @usableFromInline
    static let unlimited = Int64.max

    /// The position of the scope's balance in the book.
    let position: Int
    @usableFromInline
    let version = Atomic<UInt>(0)
    @usableFromInline
    let left = Atomic<Int64>(0)
    @usableFromInline
    let from = Atomic<Int64>(0)  // in microseconds, as of a Timestamp
    @usableFromInline
    let until = Atomic<Int64>(0)

    /// Starts unset: it covers no instant.
    init(position: Int) { self.position = position }

    /// Sets the dial. Call only under the gate's lock: there must be one writer at a time.
    ///
    /// - Parameter amount: nil when there is no enforced budget, which holds at all times.
    func show(_ amount: MicroCredits?, during instants: Range<Timestamp>) {
        let first = amount == nil ? Int64.min : instants.lowerBound.microseconds
        let end = amount == nil ? Int64.max : instants.upperBound.microseconds
        let micros = amount.map { min($0.micros, Self.unlimited - 1) } ?? Self.unlimited
        guard from.load(ordering: .relaxed) != first || until.load(ordering: .relaxed) != end else {
            left.store(micros, ordering: .releasing)
            return
        }
        version.wrappingAdd(1, ordering: .relaxed)
        left.store(micros, ordering: .releasing)
        from.store(first, ordering: .releasing)
        until.store(end, ordering: .releasing)
        version.wrappingAdd(1, ordering: .releasing)
    }

    /// The amount left, in millionths; `Int64.max` when there is no limit, nil when the dial does not cover this time.
    @inlinable
    func read(at now: Timestamp) -> Int64? {
        let before = version.load(ordering: .acquiring)
        let micros = left.load(ordering: .acquiring)
        // Holds at all times, so it needs no instants.
        if micros == .max { return micros }
        let first = from.load(ordering: .acquiring)
        let end = until.load(ordering: .acquiring)
        guard before & 1 == 0, version.load(ordering: .relaxed) == before else { return nil }
        return first <= now.microseconds && now.microseconds < end ? micros : nil
    }
}
