/// A database with the tables of the protocol: rows with locks, statements with a snapshot each (READ COMMITTED) or one
/// for the transaction (REPEATABLE READ), time-outs, deadlocks, and connections that break at any point.
///
/// Statements run in steps that the caller chooses. One that needs a row which another transaction has locked waits: it
/// is run again until it gets the row, with the snapshot that it began with, and then goes on with the newest version
/// of the row, as PostgreSQL does at READ COMMITTED.
struct Database {
    let rules: Rules
    /// `now()`, in milliseconds.
    var now = 0
    /// The number of the latest commit.
    private(set) var commits = 0

    var nodes = Table<NodeRow>()
    var scopes = Table<Int>()
    /// By scope, day, number of the node.
    var balances = Table<Amounts>()
    var ledger = Table<LedgerEntry>()
    var flights = Table<FlightRow>()
    /// By question.
    var claims = Table<Int>()
    var landings = Table<Landing>()
    /// By question.
    var results = Table<Answer>()
    var feedHead = Table<Int>()
    var feed = Table<FeedEvent>()
    /// By document and change.
    var markers = Table<ChangeMarker>()
    /// Whether a team's key is revoked.
    var keys = Table<Bool>()
    /// Whether an upstream key is quarantined.
    var upstreamKeys = Table<Bool>()
    /// For the guard `feedHead`: what a sequence would give.
    var sequence = 0

    var sessions: [Session] = []
    /// Those that are not closed.
    private(set) var open: [Int] = []

    /// What one step of a session came to.
    enum Ran {
        /// Nothing was left to run.
        case nothing
        case waits
        case failed(Failure)
        case ran
        case committed(Commit)
    }

    struct Commit {
        let number: Int
        let writer: Writer
        let rows: [Session.LockedRow]
    }

    init(rules: Rules) {
        self.rules = rules
        for scope in 0..<Places.scopes { scopes.begin(with: RowKey(scope), 0) }
        feedHead.begin(with: RowKey(0), 0)
        for key in 0..<Places.keys { keys.begin(with: RowKey(key), false) }
        for key in 0..<Places.upstreamKeys { upstreamKeys.begin(with: RowKey(key), false) }
    }

    mutating func connect(_ node: Int) -> Int {
        sessions.append(Session(client: node))
        sessions[sessions.count - 1].ranLastAt = now
        open.append(sessions.count - 1)
        return sessions.count - 1
    }

    /// Runs the next statement that the session has been sent.
    mutating func run(_ number: Int) -> Ran {
        guard !sessions[number].isClosed, !sessions[number].inbox.isEmpty else { return .nothing }
        if sessions[number].failure != nil {
            sessions[number].inbox.removeAll()
            return .ran
        }
        let statement = sessions[number].inbox[0]
        switch statement {
        case .commit: return commit(number)
        case .rollback:
            finish(number, commit: nil)
            reply(number, .done)
            return .ran
        default: break
        }
        if sessions[number].statementSnapshot == nil {
            if rules.isRepeatableRead, sessions[number].isInTransaction, sessions[number].transactionSnapshot == nil {
                sessions[number].transactionSnapshot = commits
            }
            sessions[number].statementSnapshot = sessions[number].transactionSnapshot ?? commits
        }
        do throws(Interruption) {
            let answer = try execute(statement, number)
            sessions[number].statementSnapshot = nil
            sessions[number].waitsFor = nil
            reply(number, answer)
            return .ran
        } catch {
            switch error {
            case .fails(let failure): return fail(number, failure)
            case .waits(let holder): return wait(number, for: holder)
            }
        }
    }

    private mutating func reply(_ number: Int, _ answer: Reply) {
        sessions[number].inbox.removeFirst()
        sessions[number].replies.append(answer)
        sessions[number].ranLastAt = now
    }

    private mutating func commit(_ number: Int) -> Ran {
        guard sessions[number].isInTransaction, let writer = sessions[number].writer else {
            reply(number, .done)
            return .ran
        }
        commits += 1
        let commit = Commit(number: commits, writer: writer, rows: sessions[number].locked)
        finish(number, commit: commits)
        reply(number, .done)
        return .committed(commit)
    }

    private mutating func wait(_ number: Int, for holder: Int) -> Ran {
        if sessions[number].waitsFor == nil, sessions[number].waitsSince == 0 { sessions[number].waitsSince = now }
        sessions[number].waitsFor = holder
        var next: Int? = holder
        while let other = next {
            if other == number { return fail(number, .deadlock) }
            next = sessions[other].waitsFor
        }
        return .waits
    }

    /// Ends the transaction by an error. What was sent behind the statement is skipped.
    private mutating func fail(_ number: Int, _ failure: Failure) -> Ran {
        finish(number, commit: nil)
        sessions[number].failure = failure
        sessions[number].inbox.removeAll()
        sessions[number].ranLastAt = now
        return .failed(failure)
    }

    /// Releases all locks of a session.
    private mutating func finish(_ number: Int, commit: Int?) {
        for row in sessions[number].locked { release(row, by: number, commit: commit) }
        sessions[number].locked = []
        sessions[number].isInTransaction = false
        sessions[number].transactionSnapshot = nil
        sessions[number].statementSnapshot = nil
        sessions[number].waitsFor = nil
        sessions[number].waitsSince = 0
        for other in open where sessions[other].waitsFor == number { sessions[other].waitsFor = nil }
    }

    private mutating func release(_ row: Session.LockedRow, by number: Int, commit: Int?) {
        switch row.table {
        case .nodes: nodes.release(row.key, by: number, commit: commit)
        case .scopes: scopes.release(row.key, by: number, commit: commit)
        case .balances: balances.release(row.key, by: number, commit: commit)
        case .ledger: ledger.release(row.key, by: number, commit: commit)
        case .flights: flights.release(row.key, by: number, commit: commit)
        case .claims: claims.release(row.key, by: number, commit: commit)
        case .landings: landings.release(row.key, by: number, commit: commit)
        case .results: results.release(row.key, by: number, commit: commit)
        case .feedHead: feedHead.release(row.key, by: number, commit: commit)
        case .feed: feed.release(row.key, by: number, commit: commit)
        case .markers: markers.release(row.key, by: number, commit: commit)
        case .keys: keys.release(row.key, by: number, commit: commit)
        case .upstreamKeys: upstreamKeys.release(row.key, by: number, commit: commit)
        }
    }

    /// Ends the backend: its transaction is rolled back.
    mutating func close(_ number: Int) {
        guard !sessions[number].isClosed else { return }
        finish(number, commit: nil)
        sessions[number].isClosed = true
        sessions[number].inbox = []
        open.removeAll { $0 == number }
    }

    /// Time passes. Returns the failures by time-out.
    mutating func advance(by milliseconds: Int) -> [Failure] {
        now += milliseconds
        var failures: [Failure] = []
        for number in open {
            let session = sessions[number]
            guard session.isInTransaction else { continue }
            if session.waitsSince > 0 {
                guard session.waitsFor != nil, now - session.waitsSince >= Times.lockTimeout else { continue }
                _ = fail(number, .lockTimeout)
                failures.append(.lockTimeout)
            } else if rules.has(.idleTimeout), now - session.ranLastAt >= Times.idleTimeout {
                close(number)
            }
        }
        return failures
    }

    /// A standby takes over that has not got the last commits. All connections are gone.
    mutating func fail(overLosing lost: Int) {
        for number in open { close(number) }
        let last = max(0, commits - lost)
        nodes.lose(after: last)
        scopes.lose(after: last)
        balances.lose(after: last)
        ledger.lose(after: last)
        flights.lose(after: last)
        claims.lose(after: last)
        landings.lose(after: last)
        results.lose(after: last)
        feedHead.lose(after: last)
        feed.lose(after: last)
        markers.lose(after: last)
        keys.lose(after: last)
        upstreamKeys.lose(after: last)
        commits = last
    }
}
