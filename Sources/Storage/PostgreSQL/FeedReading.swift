import EventLoops
import Vocabulary

/// Reads the feed, and the rows that it names as they are now. Confined to the writer's thread.
final class FeedReading: PollReading {
    /// Rows of one poll; the next one follows at once when there are more.
    private static let rowsMax = 1_000

    private let news: StoreNews
    private var cursor: FeedCursor
    /// What was read by the transaction under way.
    private var read: (cursor: FeedCursor, events: [StoreEvent], isMore: Bool)?

    init(_ news: StoreNews, cursor: FeedCursor) {
        self.news = news
        self.cursor = cursor
    }

    func read(on connection: StoreConnection) throws {
        read = nil
        guard let shared = connection.link.shared else { return }
        let rows = try shared.feed(after: cursor.last, atMost: Self.rowsMax)
        var next = cursor
        let news: [(Announcement, number: Int64)]
        do throws(FeedCursor.Gap) {
            news = try next.take(rows, at: SystemClock.sinceBoot())
        } catch {
            // What was missed is not known, so nothing that this process knows can be relied on.
            let rows = "row \(error.expected) of the feed is missing, before row \(error.found)"
            throw SeatLost(detail: "PostgreSQL: \(rows); this process ends, to be started again")
        }
        // Later statements than the one that read the feed: what they see is not older than what it told.
        let events = try news.map { try event($0, number: $1, on: connection) }
        read = (next, events, rows.count == Self.rowsMax)
    }

    private func event(
        _ announcement: Announcement,
        number: Int64,
        on connection: StoreConnection
    ) throws -> StoreEvent {
        switch announcement {
        case .registry: .registry(number: number)
        case .purge(let target): .purge(target)
        case .classifier(let key): .classifier(key, epoch: try ClassifierTable.epoch(of: key, on: connection))
        case .upstreamKey(let key): .upstreamKey(key, try UpstreamKeyTable.record(of: key, on: connection))
        case .grant(let id, let team):
            try GrantTable.grant(id, of: team, on: connection).map { .grantMade($0) } ?? .grantRemoved(id, team: team)
        case .model(let name): .modelForgotten(name)
        }
    }

    func accept() -> Bool {
        guard let read else { return false }
        self.read = nil
        cursor = read.cursor
        for event in read.events { news.tell(event) }
        return read.isMore
    }
}
