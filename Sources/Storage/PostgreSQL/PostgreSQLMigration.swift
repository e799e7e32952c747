import EventLoops
internal import PostgreSQL
import Vocabulary

/// Brings the tables of a database to this program's schema.
///
/// Several processes may start at a time, so one takes the row of `schema_state` as a lease, and the others wait for
/// it. Each step is a transaction that also renews the lease; a process that stops in the middle leaves whole steps,
/// and another goes on after them when the lease is over.
///
/// Nodes are at work meanwhile. What waits for a lock of a table holds up all who come after it, so a step waits for
/// less than they do, and is tried again.
struct PostgreSQLMigration {
    /// How long another process that migrates is waited for.
    private static let patience = Duration.seconds(600)
    private static let leaseMicroseconds: Int64 = 60_000_000
    private static let pause = Duration.milliseconds(500)
    /// An index over many rows takes its time.
    private static let stepMax = Duration.seconds(1_800)
    private static let roundTripMax = Duration.seconds(8)
    /// How long a lock is waited for, and how often: together less than the lease.
    private static let lockMax = Duration.seconds(1)
    private static let attemptsMax = 30

    let connection: PostgreSQLConnection
    /// Of the process, for others that wait.
    let name: String

    private struct State {
        var version: Int64 = 0
        var minReader: Int64 = 0
        var other: String?
    }

    /// Takes all missing steps.
    ///
    /// - Parameters:
    ///   - migrates: whether it may; else missing steps are a fault.
    ///   - onStep: called before each step with its number.
    /// - Returns: the version that was found; 0 for a database without our tables.
    /// - Throws: `newerSchema`, `olderSchema`; else what prevents it.
    @discardableResult
    func bringUp(migrates: Bool, onStep: (Int) -> Void = { _ in }) throws -> Int {
        let found = try version()
        guard try isMissingSteps(found) else { return Int(found.version) }
        guard migrates else {
            throw StoreFault(
                code: .olderSchema,
                detail: "the database has schema \(found.version), this program needs \(PostgreSQLSchema.version), and "
                    + "store.migrate is false: make a backup with pg_dump, then type: tollgate migrate --config FILE"
            )
        }
        try prepare()
        let deadline = SystemClock.sinceBoot() + Self.patience
        while try isMissingSteps(try version()) {
            if try lease() {
                // Also after a step that failed: the next attempt need not wait for the lease.
                defer { if !connection.isLost { try? giveBack() } }
                try takeSteps(onStep)
                break
            }
            guard SystemClock.sinceBoot() < deadline else {
                let other = try version().other ?? "another process"
                throw StoreFault(code: .inUse, detail: "\(other) has been migrating the database for \(Self.patience)")
            }
            _ = SystemSemaphore().wait(atMost: Self.pause)
        }
        return Int(found.version)
    }

    /// Refuses a database that a copy was to fill, and a newer schema. Changes nothing.
    func refuse() throws { _ = try isMissingSteps(try version()) }

    private func isMissingSteps(_ state: State) throws -> Bool {
        let known = Int64(PostgreSQLSchema.version)
        if state.version > known, state.minReader > known {
            throw StoreFault(
                code: .newerSchema,
                detail:
                    "the database has schema \(state.version), this program knows up to \(known): use the program that "
                    + "wrote it or a newer one"
            )
        }
        return state.version < known
    }

    private func version() throws -> State {
        let exists = try connection.query(
            PostgreSQLCommand("SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_state')"),
            within: Self.roundTripMax
        )
        guard exists.integer(0, 0) == 1 else { return State() }
        let rows = try connection.query(
            PostgreSQLCommand("SELECT version, min_reader, migrating_by FROM schema_state"),
            within: Self.roundTripMax
        )
        guard rows.count > 0 else { return State() }
        guard rows.count == 1, let version = rows.integer(0, 0), let minReader = rows.integer(0, 1), version >= 0,
            minReader >= 0
        else {
            throw StoreFault(code: .corrupt, detail: "the table schema_state is not this program's")
        }
        let other = rows.text(0, 2)
        if CopyMark.isOne(other) { throw CopyMark.refusal }
        return State(version: version, minReader: minReader, other: other)
    }

    /// Makes the row that the lease is in.
    func prepare() throws {
        for attempt in 1... {
            do throws(PostgreSQLFailure) {
                let statements = PostgreSQLSchema.statements(PostgreSQLSchema.preparation)
                for sql in statements { connection.enqueue(PostgreSQLCommand(sql)) }
                return try connection.finish(within: Self.roundTripMax)
            } catch {
                guard Self.isRace(error), attempt < Self.attemptsMax else { throw error }
            }
        }
    }

    /// Whether somebody else did the same at the same time. Two that make a table of one name are not kept apart by IF
    /// NOT EXISTS: which error the second one gets depends on how far it was.
    private static func isRace(_ failure: PostgreSQLFailure) -> Bool {
        let isThere = ["42P07", "42710"].contains(failure.sqlState)
        return isThere || failure.meaning == .uniqueViolation || failure.meaning == .retry
    }

    private func lease() throws -> Bool {
        var command = PostgreSQLCommand(
            """
            UPDATE schema_state SET migrating_by = $1,
                migrating_until = \(ServerClock.now) + $2
            WHERE migrating_until IS NULL OR migrating_until < \(ServerClock.now)
            """
        )
        command.bind(SharedSQL.escaped(name))
        command.bind(Self.leaseMicroseconds)
        do throws(PostgreSQLFailure) {
            return try connection.query(command, within: Self.roundTripMax).affectedCount == 1
        } catch {
            // At REPEATABLE READ the second one is told so.
            guard error.meaning == .retry else { throw error }
            return false
        }
    }

    private func takeSteps(_ onStep: (Int) -> Void) throws {
        let first = Int(try version().version)
        for (index, step) in PostgreSQLSchema.steps.enumerated().dropFirst(first) {
            onStep(index + 1)
            var attempts = 0
            while true {
                do {
                    try take(step, index)
                    break
                } catch let failure as PostgreSQLFailure {
                    attempts += 1
                    let isInTheWay = failure.meaning == .retry || failure.meaning == .lockTimeout
                    guard isInTheWay, !connection.isLost, attempts < Self.attemptsMax else { throw failure }
                    _ = SystemSemaphore().wait(atMost: Self.pause)
                }
            }
        }
    }

    private func take(_ step: String, _ index: Int) throws {
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        let lockMilliseconds = Self.lockMax.wholeNanoseconds / 1_000_000
        connection.enqueue(PostgreSQLCommand("SET LOCAL lock_timeout = \(lockMilliseconds)"))
        for sql in PostgreSQLSchema.statements(step) { connection.enqueue(PostgreSQLCommand(sql)) }
        var command = PostgreSQLCommand(
            """
            UPDATE schema_state SET version = $1, min_reader = $2,
                migrating_until = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + $3
            WHERE version = $4 AND migrating_by = $5
            """
        )
        command.bind(Int64(index + 1))
        command.bind(Int64(PostgreSQLSchema.minReader))
        command.bind(Self.leaseMicroseconds)
        command.bind(Int64(index))
        command.bind(SharedSQL.escaped(name))
        do {
            let rows = try connection.query(command, within: Self.stepMax)
            guard rows.affectedCount == 1 else {
                throw StoreFault(code: .inUse, detail: "another process migrates the database")
            }
            _ = try connection.query(PostgreSQLCommand("COMMIT"), within: Self.roundTripMax)
        } catch {
            if !connection.isLost {
                _ = try? connection.query(PostgreSQLCommand("ROLLBACK"), within: Self.roundTripMax)
            }
            throw error
        }
    }

    private func giveBack() throws {
        var command = PostgreSQLCommand(
            "UPDATE schema_state SET migrating_by = NULL, migrating_until = NULL WHERE migrating_by = $1"
        )
        command.bind(SharedSQL.escaped(name))
        _ = try connection.query(command, within: Self.roundTripMax)
    }
}
