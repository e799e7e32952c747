import GRDB

/// Several operations in one transaction, hence one fsync.
///
/// An operation that fails is rolled back to its savepoint, the others go on. Some errors (a full disk first of all)
/// make SQLite roll back the whole transaction; then the group is tried once more without the operation that failed,
/// and if it happens again, all fail.
enum WriteGroup {
    struct Outcome {
        /// One for each operation, in order: what to call.
        var answers: [@Sendable () -> Void]
        /// How many are committed.
        var committed = 0
        /// An error after which nothing may be acknowledged any more.
        var fatal: StoreFault?
    }

    static func commit(_ operations: ArraySlice<WriteOperation>, on database: Database) -> Outcome {
        var attempt = Attempt(operations: Array(operations))
        do {
            if try attempt.run(on: database) == .lost, try attempt.run(on: database) == .lost {
                attempt.failRest(attempt.lastFault)
            }
        } catch {
            rollBack(database)
            attempt.failRest(StoreFault(thrown: error))
            return attempt.outcome(fatal: StoreFault.isFatal(error) ? StoreFault(thrown: error) : nil)
        }
        return attempt.outcome(fatal: nil)
    }

    /// Ends a transaction if one is open. An error is of no account: SQLite has rolled back, or will when it opens.
    private static func rollBack(_ database: Database) {
        if database.isInsideTransaction { try? database.rollback() }
    }

    private enum Ending { case committed, lost }

    private struct Attempt {
        let operations: [WriteOperation]
        var faults: [StoreFault?]
        var successes: [(@Sendable () -> Void)?]
        var lastFault = StoreFault(code: .unavailable, detail: "rolled back")

        init(operations: [WriteOperation]) {
            self.operations = operations
            faults = Array(repeating: nil, count: operations.count)
            successes = Array(repeating: nil, count: operations.count)
        }

        /// Runs what has not failed yet. Throws when the transaction itself cannot be begun or committed.
        mutating func run(on database: Database) throws -> Ending {
            guard faults.contains(nil) else { return .committed }
            try database.beginTransaction(.immediate)
            for (index, operation) in operations.enumerated() where faults[index] == nil {
                do {
                    try database.inSavepoint {
                        successes[index] = try operation.run(database)
                        return .commit
                    }
                } catch {
                    lastFault = StoreFault(thrown: error)
                    faults[index] = lastFault
                    if StoreFault.isFatal(error) { throw error }
                    if !database.isInsideTransaction { return .lost }
                }
            }
            try database.commit()
            return .committed
        }

        /// What failed by itself keeps its own fault.
        mutating func failRest(_ fault: StoreFault) {
            for index in faults.indices where faults[index] == nil { faults[index] = fault }
        }

        func outcome(fatal: StoreFault?) -> Outcome {
            var outcome = Outcome(answers: [], fatal: fatal)
            for (index, operation) in operations.enumerated() {
                if let fault = faults[index] {
                    outcome.answers.append { operation.refuse(fault) }
                } else {
                    outcome.answers.append(successes[index]!)
                    outcome.committed += 1
                }
            }
            return outcome
        }
    }
}
