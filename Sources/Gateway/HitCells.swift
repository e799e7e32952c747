import Synchronization
import Vocabulary

/// The two numbers that every usual hit of a team adds to, on one worker. Written by the worker, read by any thread.
///
/// A pointer and not an object: a hit would retain an object, which costs more than all it does with it.
///
/// Sendable because the cells are atomic, and never freed: there is one for each team with a name and worker, for the
/// life of the process.
struct HitCells: @unchecked Sendable {
    private struct Cells: ~Copyable {
        let hits = Atomic<Int64>(0)
        /// In millionths of a credit.
        let saved = Atomic<Int64>(0)
    }

    private let cells: UnsafeMutablePointer<Cells>

    init() {
        cells = .allocate(capacity: 1)
        cells.initialize(to: Cells())
    }

    /// Counts a hit. There is one writer, so that no atomic read-modify-write is needed; what is saved saturates.
    ///
    /// - Parameter amount: what the vendor would have charged; not below zero.
    @inline(__always)
    func add(saved amount: MicroCredits) {
        let hits = cells.pointee.hits.load(ordering: .relaxed)
        cells.pointee.hits.store(hits &+ 1, ordering: .relaxed)
        let saved = cells.pointee.saved.load(ordering: .relaxed)
        cells.pointee.saved.store(saved.saturatingAdd(amount.micros), ordering: .relaxed)
    }

    var hits: Int64 { cells.pointee.hits.load(ordering: .relaxed) }
    var savedMicros: Int64 { cells.pointee.saved.load(ordering: .relaxed) }
}
