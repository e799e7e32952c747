import Vocabulary

/// One question whether the store works, for all who ask it at a time.
///
/// Guarded. Anybody may ask it without a key, so of all that ask one waits in the writer's queue, where it would take the
/// places of those who have something to write.
final class SharedCheck: Sendable {
    typealias Answer = @Sendable (Result<Void, StoreFault>) -> Void
    enum Joining { case asks, waits, full }

    private static let waitingMax = 10_000

    private let waiting = Guarded<[Answer]>([])

    /// Waits for the answer that is under way; `.asks` when there is none, and the caller has to see to it.
    func join(_ then: @escaping Answer) -> Joining {
        waiting.withLock { waiting in
            guard waiting.count < Self.waitingMax else { return .full }
            waiting.append(then)
            return waiting.count == 1 ? .asks : .waits
        }
    }

    /// Gives all who wait their answer.
    @Sendable
    func answer(_ result: Result<Void, StoreFault>) {
        let answers = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for answer in answers { answer(result) }
    }
}
