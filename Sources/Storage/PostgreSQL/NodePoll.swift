import EventLoops
import Vocabulary

/// Something that a poll reads. Confined to the writer's thread.
protocol PollReading: AnyObject {
    /// Reads, in the poll's transaction. What an earlier call has read and was not accepted is forgotten.
    func read(on connection: StoreConnection) throws

    /// The beat is confirmed that all was read under, so that it counts; docs/nodes.md §3, "Polls beat".
    ///
    /// - Returns: whether there is more to read, at once.
    func accept() -> Bool
}

/// Looks every half second for what other nodes did; docs/nodes.md §2, "Poll". Confined to the writer's thread.
final class NodePoll: NodeDuty {
    static let interval = Duration.milliseconds(500)

    private let news: StoreNews
    private let readings: [any PollReading]
    private let metrics: NodeMetrics
    private var next: MonotonicInstant

    /// - Parameter readings: what is read, all of it by one transaction.
    init(_ news: StoreNews, readings: [any PollReading], _ metrics: NodeMetrics) {
        self.news = news
        self.readings = readings
        self.metrics = metrics
        next = SystemClock.sinceBoot()
    }

    var dueAt: MonotonicInstant {
        news.isHeard ? next : .distantFuture
    }

    func perform(on connection: StoreConnection) throws {
        // After a failure as well. A COMMIT in doubt is cleared before any duty is done again, and then all is read
        // anew.
        let start = SystemClock.sinceBoot()
        next = start + Self.interval
        try connection.inTransaction { connection in
            for reading in readings { try reading.read(on: connection) }
        }
        let isMore = readings.reduce(false) { $1.accept() || $0 }
        if isMore { next = SystemClock.sinceBoot() } else { metrics.note(polledAt: start) }
    }
}
