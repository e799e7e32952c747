import Testing

/// The database of the model does what PostgreSQL does where the protocol rests on it.
@Suite("The database of the model")
struct DatabaseTests {
    private static let writer = Writer(kind: .batch, node: 0, identity: nil, limits: Limits())

    /// A database with sessions in open transactions.
    private func database(sessions: Int, _ change: (inout Rules) -> Void = { _ in }) -> Database {
        var rules = Rules()
        change(&rules)
        var database = Database(rules: rules)
        database.now = 1_000
        for _ in 0..<sessions {
            let session = database.connect(0)
            database.send([.begin(Self.writer)], to: session)
        }
        return database
    }

    @Test("an insertion waits for another one of its key, and does nothing once that is committed")
    func conflict() {
        var database = database(sessions: 2)
        #expect(database.send([.claim([Claim(question: 1, id: 7)])], to: 0) == .ran)
        #expect(database.send([.claim([Claim(question: 1, id: 8)])], to: 1) == .waits)
        #expect(database.send([.commit], to: 0) == .committed)
        #expect(database.send([], to: 1) == .ran)
        #expect(database.claimed(by: 1) == [])
    }

    @Test("an insertion that waited goes through once the other one is rolled back")
    func conflictUndone() {
        var database = database(sessions: 2)
        database.send([.claim([Claim(question: 1, id: 7)])], to: 0)
        #expect(database.send([.claim([Claim(question: 1, id: 8)])], to: 1) == .waits)
        database.close(0)
        #expect(database.send([], to: 1) == .ran)
        #expect(database.claimed(by: 1) == [1])
    }

    @Test("a statement that waited goes on with the newest row, and reads others as they were when it began")
    func newestAfterWait() {
        var database = database(sessions: 2) { $0 = .without(.balancesAfterLock) }
        let change = BalanceChange(scope: 0, day: 0, number: 1, change: Amounts(spent: 5))
        database.send([.lockScopes([0]), .book([change])], to: 0)
        #expect(database.send([.lockScopes([0])], to: 1) == .waits)
        database.send([.commit], to: 0)
        #expect(database.send([], to: 1) == .ran)
        guard case .balances(let rows) = database.sessions[1].replies.last else {
            Issue.record("no balances")
            return
        }
        #expect(rows == [])
        database.send([.commit], to: 1)
        // The version counts both transactions, though the second one began before the first was committed.
        #expect(database.scopes.committed(RowKey(0)) == 2)
    }

    @Test("at REPEATABLE READ a row that has changed since the snapshot is a serialization failure")
    func serialization() {
        var database = database(sessions: 2) { $0.isRepeatableRead = true }
        database.send([.readResults([0])], to: 1)
        database.send([.lockScopes([0]), .commit], to: 0)
        #expect(database.send([.lockScopes([0])], to: 1) == .failed(.serialization))
    }

    @Test("a circle of waits ends with a deadlock for the one that closes it")
    func deadlock() {
        var database = database(sessions: 2)
        database.send([.lockScopes([0])], to: 0)
        database.send([.lockScopes([1])], to: 1)
        #expect(database.send([.lockScopes([1])], to: 0) == .waits)
        #expect(database.send([.lockScopes([0])], to: 1) == .failed(.deadlock))
        #expect(database.send([], to: 0) == .ran)
    }

    @Test("a wait ends after the lock time-out, and a transaction without a client after the idle one")
    func timeouts() {
        var database = database(sessions: 2)
        database.send([.lockScopes([0])], to: 0)
        database.send([.lockScopes([0])], to: 1)
        #expect(database.advance(by: Times.lockTimeout - 1) == [])
        database.send([.lockScopes([1])], to: 0)
        #expect(database.advance(by: 1) == [.lockTimeout])
        #expect(database.sessions[1].failure == .lockTimeout)
        #expect(!database.sessions[0].isClosed)
        _ = database.advance(by: Times.idleTimeout)
        #expect(database.sessions[0].isClosed)
    }

    @Test("a standby without the last commits has the rows that there were before them")
    func loss() {
        var database = database(sessions: 2)
        database.send([.lockScopes([0]), .commit], to: 0)
        database.send([.lockScopes([0, 1]), .commit], to: 1)
        database.fail(overLosing: 1)
        #expect(database.scopes.committed(RowKey(0)) == 1)
        #expect(database.scopes.committed(RowKey(1)) == 0)
        #expect(database.sessions.allSatisfy { $0.isClosed })
    }
}

extension Database {
    enum Outcome: Equatable { case nothing, waits, ran, committed, failed(Failure) }

    /// Sends statements, and runs the session as far as it comes.
    @discardableResult
    fileprivate mutating func send(_ statements: [Statement], to session: Int) -> Outcome {
        sessions[session].inbox += statements
        var outcome = Outcome.nothing
        while true {
            switch run(session) {
            case .nothing: return outcome
            case .waits: return .waits
            case .ran: outcome = .ran
            case .committed: outcome = .committed
            case .failed(let failure): return .failed(failure)
            }
        }
    }

    fileprivate func claimed(by session: Int) -> [Int]? {
        if case .claimed(let questions) = sessions[session].replies.last { questions } else { nil }
    }
}
