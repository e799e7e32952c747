import Vocabulary

/// A number that the loop writes and a test reads. Guarded.
final class KeptCount: Sendable {
    private let count = Guarded(0)

    var value: Int { count.withLock { $0 } }

    func note(_ number: Int) { count.withLock { $0 = number } }
}
