public import Synchronization
public import Vocabulary

/// What is left in one scope's enforced budgets and when this holds: set under the gate's lock, read without any.
///
/// Amount and instants belong together, but are three words. So `version` is odd while they are replaced, and who finds
/// it odd or changed has read nothing. Each word read acquires what was written before it, `version` included, so that a
/// reader who met a new word also meets the new version. While the instants stay, the amount changes alone, in one step.
@usableFromInline
final class MeterDial: Sendable {
    /// Stands for a scope without an enforced budget; more than any limit is.
    @usableFromInline
    static let unlimited = Int64.max

    /// Where the scope's balance stands in the book.
    let position: Int
    @usableFromInline
    let version = Atomic<UInt>(0)
    @usableFromInline
    let left = Atomic<Int64>(0)
    @usableFromInline
    let from = Atomic<Int64>(0)  // in microseconds, as of a Timestamp
    @usableFromInline
    let until = Atomic<Int64>(0)

    /// Shows nothing at any time.
    init(position: Int) { self.position = position }

    /// Sets it. Only under the gate's lock, so that one thread at a time does.
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

    /// What is left, in millionths; `Int64.max` when there is no limit, nil when it is not set to this time.
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
