import Vocabulary

/// One check whether the store works, shared by all callers that ask at the same time.
///
/// Guarded. `/readyz` needs no key, so any number may ask: only one check at a time is in the writer's queue, where
/// more would take the places of writes.
final class SharedCheck: Sendable {
    typealias Answer = @Sendable (Result<Void, StoreFault>) -> Void
    enum Joining { case asks, waits, full }

    private static let waitingMax = 10_000

    private let waiting = Guarded<[Answer]>([])

    /// Waits for the answer that is under way; `.asks` when there is none, and the caller must ask.
    func join(_ then: @escaping Answer) -> Joining {
        waiting.withLock { waiting in
            guard waiting.count < Self.waitingMax else { return .full }
            waiting.append(then)
            return waiting.count == 1 ? .asks : .waits
        }
    }

    /// Gives the answer to all that wait.
    @Sendable
    func answer(_ result: Result<Void, StoreFault>) {
        let answers = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for answer in answers { answer(result) }
    }
}
