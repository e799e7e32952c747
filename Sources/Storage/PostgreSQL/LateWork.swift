internal import Budgeting
import EventLoops
import Vocabulary

/// What the writer of a process does that has lost its seat: it ends what was begun, and refuses all else. Confined to
/// the writer's thread.
///
/// Each ending has a transaction of its own, without a fence: there are a few only, and who comes first is up to the
/// rows.
final class LateWork {
    /// Why nothing may be begun any more.
    let fault: StoreFault
    private let connection: StoreConnection
    private let link: PostgreSQLLink
    private let metrics: NodeMetrics
    /// The number that the process had: what it ends is booked under it.
    private let number: Int64
    /// Reservations that may have been made: their COMMIT was in doubt as the seat was lost. Nothing was sent.
    private var unsent: [ReservationID]

    init(
        because fault: StoreFault,
        unsent: [ReservationID],
        of number: Int64,
        on connection: StoreConnection,
        _ link: PostgreSQLLink,
        _ metrics: NodeMetrics
    ) {
        self.fault = fault
        self.unsent = unsent
        self.number = number
        self.connection = connection
        self.link = link
        self.metrics = metrics
    }

    func commit(_ operations: ArraySlice<WriteOperation>, _ outcome: inout GroupOutcome) {
        for operation in operations {
            do {
                guard let late = operation.late else { throw fault }
                let succeed = try inTransaction(late)
                outcome.committed += 1
                outcome.answers.append(succeed)
            } catch {
                let fault = StoreFault(thrown: error)
                outcome.answers.append { operation.refuse(fault) }
            }
        }
    }

    /// Whether there is something to release.
    var isDue: Bool { !unsent.isEmpty }

    /// - Returns: whether all are released that were made.
    func releaseUnsent() -> Bool {
        while let id = unsent.last {
            do {
                try inTransaction { try LateEnding(at: SystemClock.wall(), on: $0).release(id) }
                unsent.removeLast()
            } catch {
                return false
            }
        }
        return true
    }

    private func inTransaction<Value>(_ body: (StoreConnection) throws -> Value) throws -> Value {
        if let fault = link.obstacle() { throw fault }
        for attempt in 1... {
            do {
                try connection.beginSweep(of: number)
                let value = try body(connection)
                try connection.commit()
                return value
            } catch {
                metrics.note(error)
                connection.rollBack()
                guard attempt < PostgreSQLBase.attemptsMax, PostgreSQLBase.isInTheWay(error) else { throw error }
                PostgreSQLBase.pauseBriefly(attempt)
            }
        }
        preconditionFailure("attempts without an end")
    }
}
