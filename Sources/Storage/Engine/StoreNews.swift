import Synchronization
import Vocabulary

/// Where the events of other nodes go, and the wish to hear of them at once. Guarded.
final class StoreNews: Sendable {
    typealias Sink = @Sendable (StoreEvent) -> Void

    private let sink = Guarded<Sink?>(nil)
    private let isWished = Atomic<Bool>(false)

    /// Whether anybody hears. Until then nothing is polled, so nothing is missed.
    var isHeard: Bool { sink.withLock { $0 != nil } }

    func hear(_ new: @escaping Sink) { sink.withLock { $0 = new } }

    func tell(_ event: StoreEvent) { sink.withLock { $0 }?(event) }

    /// The next poll is due at once.
    func wish() { isWished.store(true, ordering: .relaxed) }

    var isPollWished: Bool { isWished.load(ordering: .relaxed) }

    /// A poll begins: what is wished from now on is a wish for the next one.
    func beginPoll() { isWished.store(false, ordering: .relaxed) }
}
