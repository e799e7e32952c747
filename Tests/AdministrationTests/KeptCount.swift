import Vocabulary

/// A number written by the loop and read by a test. Guarded.
final class KeptCount: Sendable {
    private let count = Guarded(0)

    var value: Int { count.withLock { $0 } }

    func note(_ number: Int) { count.withLock { $0 = number } }
}
