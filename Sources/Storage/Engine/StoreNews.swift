import Vocabulary

/// Where the events of other nodes go. Guarded.
final class StoreNews: Sendable {
    typealias Sink = @Sendable (StoreEvent) -> Void

    private let sink = Guarded<Sink?>(nil)

    /// Whether anybody hears. Until then nothing is polled, so nothing is missed.
    var isHeard: Bool { sink.withLock { $0 != nil } }

    func hear(_ new: @escaping Sink) { sink.withLock { $0 = new } }

    func tell(_ event: StoreEvent) { sink.withLock { $0 }?(event) }
}
