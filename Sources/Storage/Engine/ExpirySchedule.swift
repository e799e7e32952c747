import Vocabulary

/// Decides when old results are removed from the store, and how old they must be. Has no clock.
///
/// The wall clock decides what is old, but it can be set, and what it deletes was paid for. So it is believed only as
/// far as it agrees with the time that has passed since the start: after a step forward nothing is removed that would
/// not have been removed without it.
struct ExpirySchedule {
    /// How often results that have outlived their retention are looked for.
    static let interval = Duration.seconds(60)
    private static let waitingMax = 64

    /// One run through the old results, in batches.
    struct Sweep: Sendable {
        var cutoff: Timestamp
        var kind = ResultKind.inline
        var removed = 0
        var then: (@Sendable (Result<Int, StoreFault>) -> Void)?
    }

    private var retention: Duration?
    private var due: MonotonicInstant
    private var waiting: [Sweep] = []
    private var isClosed = false
    private let startedAt: MonotonicInstant
    private let wallAtStart: Timestamp

    init(now: MonotonicInstant, wall: Timestamp) {
        startedAt = now
        wallAtStart = wall
        due = now
    }

    /// Sets how long results are kept, nil for ever, and lets the next look-up be at once.
    mutating func replace(retention: Duration?, now: MonotonicInstant) {
        self.retention = retention
        due = now
    }

    enum Requesting { case taken, full, closed }

    /// Asks for a sweep of its own.
    mutating func request(_ sweep: Sweep) -> Requesting {
        if isClosed { return .closed }
        guard waiting.count < Self.waitingMax else { return .full }
        waiting.append(sweep)
        return .taken
    }

    /// The sweep to begin now.
    ///
    /// - Parameter isFirst: whether old results are this node's to remove; what was asked for here is in any case.
    mutating func next(now: MonotonicInstant, wall: Timestamp, isFirst: Bool = true) -> Sweep? {
        if !waiting.isEmpty { return waiting.removeFirst() }
        guard isFirst, let retention, now >= due else { return nil }
        due = now + Self.interval
        let believed = min(wall, wallAtStart + (now - startedAt))
        return Sweep(cutoff: believed + (.zero - retention))
    }

    /// How long there is nothing to do; nil for as long as nothing is asked.
    func pause(now: MonotonicInstant, isFirst: Bool = true) -> Duration? {
        if !waiting.isEmpty { return .zero }
        return retention == nil || !isFirst ? nil : max(.zero, due - now)
    }

    /// Takes nothing more, and gives up what waits.
    mutating func close() -> [Sweep] {
        isClosed = true
        defer { waiting = [] }
        return waiting
    }
}
