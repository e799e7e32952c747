import EventLoops
import Vocabulary

/// Several operations in one transaction, hence one fsync.
///
/// Failures are rare and savepoints dear, so the operations run without any at first. When one fails, everything is
/// rolled back and done again without it, now with a savepoint around each: what else fails is undone alone, and
/// the others go on. So it is done too when what they gathered cannot be written, which may be the fault of any of
/// them. Some errors (a full disk first of all) make SQLite roll back the whole transaction in spite of that; then the
/// rest is tried once more, and if it happens again, all fail.
struct WriteGroup {
    static func commit(_ operations: ArraySlice<WriteOperation>, on connection: StoreConnection) -> GroupOutcome {
        var group = WriteGroup(operations: operations)
        do {
            var ending = try group.run(.together, on: connection)
            for _ in 0..<2 where ending == .lost { ending = try group.run(.apart, on: connection) }
            if ending == .lost { group.failRest(group.lastFault) }
        } catch {
            connection.rollBack()
            group.failRest(StoreFault(thrown: error))
            return group.outcome(fatal: StoreFault.isFatal(error) ? StoreFault(thrown: error) : nil)
        }
        return group.outcome(fatal: nil)
    }

    private enum Manner { case together, apart }
    private enum Ending { case committed, lost }

    private let operations: ArraySlice<WriteOperation>
    private var faults: [Int: StoreFault] = [:]
    /// Of those that have no fault, in order.
    private var successes: [@Sendable () -> Void] = []
    private var commitTook: Duration?
    private var lastFault = StoreFault(code: .unavailable, detail: "rolled back")

    private init(operations: ArraySlice<WriteOperation>) {
        self.operations = operations
        successes.reserveCapacity(operations.count)
    }

    /// Runs what has not failed yet. Throws when the transaction itself cannot be begun or committed, and errors after
    /// which it must not be.
    private mutating func run(_ manner: Manner, on connection: StoreConnection) throws -> Ending {
        guard faults.count < operations.count else { return .committed }
        successes.removeAll(keepingCapacity: true)
        try connection.begin()
        // Outside of every savepoint: half of what waits to be booked must not stay when it fails.
        if manner == .apart, try !writesGathered(connection) { return .lost }
        for index in operations.indices where faults[index] == nil {
            let run = operations[index].run
            if !operations[index].isGathering, try !writesGathered(connection) { return .lost }
            do {
                switch manner {
                case .together: successes.append(try run(connection))
                case .apart: successes.append(try connection.inSavepoint { try run(connection) })
                }
            } catch {
                lastFault = StoreFault(thrown: error)
                faults[index] = lastFault
                if StoreFault.isFatal(error) { throw error }
                if manner == .together { connection.rollBack() }
                if manner == .together || !connection.isInTransaction { return .lost }
            }
        }
        let waits = manner == .together
        if try !writesGathered(connection, waits: waits) { return .lost }
        let start = SystemClock.monotonic()
        try connection.commit(waits: waits)
        commitTook = SystemClock.monotonic() - start
        return .committed
    }

    /// Writes what was gathered; false when that failed, and the transaction is given up.
    ///
    /// - Parameter waits: whether bookings may wait for a later group.
    private mutating func writesGathered(_ connection: StoreConnection, waits: Bool = false) throws -> Bool {
        do {
            try connection.writeGathered(waits: waits)
            return true
        } catch {
            lastFault = StoreFault(thrown: error)
            if StoreFault.isFatal(error) { throw error }
            connection.rollBack()
            // Of a single operation it is known whose fault it is.
            if faults.count == operations.count - 1 { failRest(lastFault) }
            return false
        }
    }

    /// What failed by itself keeps its own fault.
    private mutating func failRest(_ fault: StoreFault) {
        for index in operations.indices where faults[index] == nil { faults[index] = fault }
    }

    private func outcome(fatal: StoreFault?) -> GroupOutcome {
        if faults.isEmpty {
            return GroupOutcome(answers: successes, committed: successes.count, commitTook: commitTook)
        }
        var outcome = GroupOutcome(fatal: fatal, commitTook: commitTook)
        for index in operations.indices {
            if let fault = faults[index] {
                let refuse = operations[index].refuse
                outcome.answers.append { refuse(fault) }
            } else {
                outcome.answers.append(successes[outcome.committed])
                outcome.committed += 1
            }
        }
        return outcome
    }
}
