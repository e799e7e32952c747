import EventLoops
import GRDB
import Vocabulary

/// The file as its writer has it: groups of operations with one fsync each, and checkpoints between them. Confined to
/// the writer's thread.
final class SQLiteBase: WriterBase {
    /// How long nothing was asked before the log is written back though it is short.
    private static let idlePause = Duration.seconds(5)

    let connection: StoreConnection
    private let database: Database
    private let place: StorePlace
    private let metrics: StoreMetrics
    private var pacer = CheckpointPacer()

    init(_ database: Database, _ place: StorePlace, _ presence: StorePresence, _ metrics: StoreMetrics) {
        connection = StoreConnection(database, presence: presence)
        self.database = database
        self.place = place
        self.metrics = metrics
        // A log that an earlier process left is written back like its own.
        pacer.noteCommit(operations: 1)
    }

    func obstacle() -> StoreFault? { place.look() }

    var hasLostSeat: Bool { false }

    func commit(_ operations: ArraySlice<WriteOperation>) -> GroupOutcome {
        WriteGroup.commit(operations, on: connection)
    }

    func noteCommit(operations: Int) { pacer.noteCommit(operations: operations) }

    func tend(isIdle: Bool) -> StoreFault? { pacer.isDue || (isIdle && pacer.isPending) ? checkpoint() : nil }

    var pause: Duration? { pacer.isPending ? Self.idlePause : nil }

    private func checkpoint() -> StoreFault? {
        do {
            let start = SystemClock.monotonic()
            let (frames, _) = try database.checkpoint(.passive)
            metrics.checkpoint.observe(SystemClock.monotonic() - start)
            pacer.noteCheckpoint(frames: frames)
            return nil
        } catch {
            // A full or busy disk delays it only: the log grows and the next one does the work of both.
            pacer.noteCheckpoint(frames: 0)
            return StoreFault.isFatal(error) ? StoreFault(thrown: error) : nil
        }
    }
}

/// The only connection to the file that can write. Immutable.
struct SQLiteWritable: WritableDatabase {
    let queue: DatabaseQueue
    let place: StorePlace
    let presence: StorePresence

    func lend(_ metrics: StoreMetrics, to body: (any WriterBase) -> Void) {
        queue.unsafeReentrantWrite { body(SQLiteBase($0, place, presence, metrics)) }
    }

    /// Writes the whole log back.
    func close() -> StoreFault? {
        do {
            // Closing would do it too, and would not report an fsync that failed.
            _ = try queue.unsafeReentrantWrite { try $0.checkpoint(.passive) }
        } catch {
            if StoreFault.isFatal(error) { return StoreFault(thrown: error) }
        }
        // What was answered is durable in the log, which the next opening reads, so an error of closing loses nothing.
        try? queue.close()
        return nil
    }
}
