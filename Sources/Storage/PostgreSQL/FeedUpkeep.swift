import EventLoops
import Vocabulary

/// What the live node with the least number does for all: it removes old rows of the feed, and goes on with purges
/// whose node has not done so. Confined to the writer's thread.
final class FeedUpkeep: NodeDuty {
    private static let interval = Duration.seconds(10)
    /// Rows of the feed that are removed at a time.
    private static let rowsMax = 1_000
    /// After this time a purge is one that its node may have left. That both work on it does no harm.
    static let purgeAge = Duration.seconds(15)

    private let purges: PurgeBoard
    private(set) var dueAt: MonotonicInstant

    init(_ purges: PurgeBoard) {
        self.purges = purges
        dueAt = SystemClock.sinceBoot() + Self.interval
    }

    func perform(on connection: StoreConnection) throws {
        dueAt = SystemClock.sinceBoot() + Self.interval
        let left = try connection.inTransaction { connection -> [PurgeTable.Open] in
            guard let shared = connection.link.shared else { return [] }
            try shared.trimFeed(atMost: Self.rowsMax)
            let ids = try shared.leftPurges(olderThan: Self.purgeAge)
            if ids.isEmpty { return [] }
            return try PurgeTable.open(on: connection).filter { ids.contains($0.id) }
        }
        purges.adopt(left.map(\.progress))
    }
}
