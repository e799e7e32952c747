import EventLoops
import Vocabulary

/// Ends changes of documents: what was stored about them meanwhile goes, and so do their markers, in one transaction.
/// It is done again until it has succeeded. Confined to the writer's thread.
final class ChangeEnding: NodeDuty {
    /// Changes of one transaction.
    private static let changesMax = 64
    private static let retryPause = Duration.seconds(1)

    private let ends: ChangeEnds
    private let purges: PurgeBoard
    private var pausesUntil: MonotonicInstant?

    init(_ ends: ChangeEnds, _ purges: PurgeBoard) {
        self.ends = ends
        self.purges = purges
    }

    var dueAt: MonotonicInstant { ends.isEmpty ? .distantFuture : pausesUntil ?? .longAgo }

    func perform(on connection: StoreConnection) throws {
        let changes = ends.first(Self.changesMax)
        pausesUntil = SystemClock.sinceBoot() + Self.retryPause
        var documents: [String] = []
        for document in changes.flatMap(\.documents) where !documents.contains(document) { documents.append(document) }
        // Flights before markers: an ending that reads no marker any more finds its flight unstorable.
        let drop = try connection.inTransaction { connection in
            let drop = try PurgeTable.drop(documents, at: SystemClock.wall(), on: connection)
            for change in changes { try connection.link.shared?.unmark(change.documents, as: change.number) }
            return drop
        }
        pausesUntil = nil
        ends.remove(first: changes.count)
        for progress in drop.open { purges.add(progress, then: nil) }
    }
}
