import Synchronization
import Vocabulary

/// The changes of documents that have ended and whose end the store is still to be told. Guarded.
///
/// Bounded by the requests that are passed through: each began with the store's consent.
final class ChangeEnds: Sendable {
    struct Change {
        let number: Int64
        let documents: [String]
    }

    private let changes = Guarded<[Change]>([])
    private let last = Atomic<Int64>(0)
    private let node: Int64

    init(node: Int64) { self.node = node }

    /// The number of a change that begins, which no other change has while its node's number is not given again.
    func makeNumber() -> Int64 { last.add(1, ordering: .relaxed).newValue << 10 | node }

    func add(_ change: Change) { changes.withLock { $0.append(change) } }

    func first(_ count: Int) -> [Change] { changes.withLock { Array($0.prefix(count)) } }

    /// Takes the first ones off, which are done.
    func remove(first count: Int) { changes.withLock { $0.removeFirst(count) } }

    var isEmpty: Bool { changes.withLock { $0.isEmpty } }
}
