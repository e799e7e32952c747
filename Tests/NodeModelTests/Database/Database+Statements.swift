/// What the statements of batches do.
extension Database {
    /// Locks a row, or throws.
    static func lock<Value>(
        _ table: inout Table<Value>,
        _ name: TableName,
        _ key: RowKey,
        _ number: Int,
        _ session: inout Session
    ) throws(Interruption) {
        switch table.lock(key, by: number, snapshot: session.transactionSnapshot) {
        case .taken: session.locked.append(Session.LockedRow(table: name, key: key))
        case .held: break
        case .waits(let holder): throw .waits(for: holder)
        case .conflict: throw .fails(.serialization)
        }
        session.waitsSince = 0
    }

    /// Inserts a row unless its key is taken: false then. Waits for another transaction that has written the key.
    static func insert<Value>(
        _ table: inout Table<Value>,
        _ name: TableName,
        _ key: RowKey,
        _ value: Value,
        _ number: Int,
        _ session: inout Session
    ) throws(Interruption) -> Bool {
        if let writer = table.writer(of: key, otherThan: number) { throw .waits(for: writer) }
        if table.newest(key, by: number) != nil {
            // A row that the snapshot does not show cannot be passed over at REPEATABLE READ.
            if let snapshot = session.transactionSnapshot, table.read(key, at: snapshot, by: number) == nil {
                throw .fails(.serialization)
            }
            return false
        }
        try lock(&table, name, key, number, &session)
        table.write(key, value, by: number)
        return true
    }

    mutating func execute(_ statement: Statement, _ number: Int) throws(Interruption) -> Reply {
        let snapshot = sessions[number].statementSnapshot ?? commits
        switch statement {
        case .begin(let writer):
            sessions[number].isInTransaction = true
            sessions[number].writer = writer
            sessions[number].startedAt = now
            // At REPEATABLE READ the first statement after BEGIN takes the snapshot.
            sessions[number].transactionSnapshot = nil
            return .done
        case .commit, .rollback: preconditionFailure("ended elsewhere")
        case .fence(let identity, let from, let to): return try fence(identity, from, to, number)
        case .takeBeat(let identity, let to): return try takeBeat(identity, to, number)
        case .join(let incarnation): return try join(incarnation, number, snapshot)
        case .claim(let wanted): return try claim(wanted, number)
        case .lockFlights(let ids, let questions, let own):
            return try lockFlights(ids, questions, own, number, snapshot)
        case .lockScopes(let wanted): return try lockScopes(wanted, number, snapshot)
        case .readBalances(let wanted): return .balances(readBalances(wanted, number, snapshot))
        case .readResults(let questions):
            return .results(
                questions.compactMap { question in
                    results.read(RowKey(question), at: snapshot, by: number).map { (question, $0) }
                }
            )
        case .lockLedger(let ids):
            for id in ids { try Self.lock(&ledger, .ledger, RowKey(id), number, &sessions[number]) }
            return .ledger(ids.map { ($0, ledger.newest(RowKey($0), by: number)) })
        case .readMarkers(let documents):
            let changing = markers.scan(at: snapshot, by: number).map(\.key.first)
            return .documents(documents.filter(changing.contains))
        case .book(let changes):
            for change in changes { try book(change, number) }
        case .putLedger(let id, let row):
            if ledger.newest(RowKey(id), by: number) == nil {
                guard try Self.insert(&ledger, .ledger, RowKey(id), row, number, &sessions[number]) else {
                    throw .fails(.uniqueViolation)
                }
            } else {
                try Self.lock(&ledger, .ledger, RowKey(id), number, &sessions[number])
                if case .reserved = row.state { throw .fails(.uniqueViolation) }
                ledger.write(RowKey(id), row, by: number)
            }
        case .putFlight(let id, let row):
            guard try Self.insert(&flights, .flights, RowKey(id), row, number, &sessions[number]) else {
                throw .fails(.uniqueViolation)
            }
        case .removeFlight(let id): try Self.remove(&flights, .flights, RowKey(id), number, &sessions)
        case .unclaim(let claim):
            if claims.newest(RowKey(claim.question), by: number) == claim.id {
                try Self.remove(&claims, .claims, RowKey(claim.question), number, &sessions)
            }
        case .putResult(let question, let answer):
            try Self.lock(&results, .results, RowKey(question), number, &sessions[number])
            results.write(RowKey(question), answer, by: number)
        case .putLanding(let id, let outcome):
            try Self.lock(&landings, .landings, RowKey(id), number, &sessions[number])
            landings.write(RowKey(id), Landing(outcome: outcome, expires: now + Times.landingKept), by: number)
        case .revoke(let key):
            try Self.lock(&keys, .keys, RowKey(key), number, &sessions[number])
            keys.write(RowKey(key), true, by: number)
        case .quarantine(let key):
            try Self.lock(&upstreamKeys, .upstreamKeys, RowKey(key), number, &sessions[number])
            upstreamKeys.write(RowKey(key), true, by: number)
        case .feed(let event): return .count(try append(event, number))
        case .readFeed(let last):
            let rows = feed.scan(at: snapshot, by: number) { key, _ in key.first > last }
            return .events(rows.map { ($0.key.first, $0.value) })
        case .readLandings(let ids):
            return .landings(
                ids.map { id in
                    (
                        id, landings.read(RowKey(id), at: snapshot, by: number),
                        flights.read(RowKey(id), at: snapshot, by: number) != nil
                    )
                }
            )
        case .readKey(let key): return .isRevoked(keys.read(RowKey(key), at: snapshot, by: number) ?? true)
        case .lockFlightsAbout, .detach, .removeResults, .mark, .unmark, .declareDead, .lockForSweep, .sweepLedger,
            .sweepFlights, .sweepMarkers, .sweepLandings:
            return try executeRemoval(statement, number, snapshot)
        }
        return .done
    }

    /// Deletes a row.
    static func remove<Value>(
        _ table: inout Table<Value>,
        _ name: TableName,
        _ key: RowKey,
        _ number: Int,
        _ sessions: inout [Session]
    ) throws(Interruption) {
        try lock(&table, name, key, number, &sessions[number])
        table.write(key, nil, by: number)
    }

    private mutating func fence(_ identity: Identity, _ from: Int, _ to: Int, _ number: Int) throws(Interruption)
        -> Reply
    {
        guard rules.has(.fence) else { return .count(1) }
        let key = RowKey(identity.number)
        try Self.lock(&nodes, .nodes, key, number, &sessions[number])
        guard var row = nodes.newest(key, by: number), row.isLive, row.incarnation == identity.incarnation,
            row.beat == from
        else { return .count(0) }
        row.beat = to
        row.leaseUntil = sessions[number].startedAt + Times.lease
        nodes.write(key, row, by: number)
        return .count(1)
    }

    private mutating func takeBeat(_ identity: Identity, _ to: Int, _ number: Int) throws(Interruption) -> Reply {
        let key = RowKey(identity.number)
        try Self.lock(&nodes, .nodes, key, number, &sessions[number])
        guard var row = nodes.newest(key, by: number), row.isLive, row.incarnation == identity.incarnation else {
            return .beat(nil)
        }
        let found = row.beat
        row.beat = to
        row.leaseUntil = sessions[number].startedAt + Times.lease
        nodes.write(key, row, by: number)
        return .beat(found)
    }

    /// Takes the number that has rested longest, or a new one.
    private mutating func join(_ incarnation: Int, _ number: Int, _ snapshot: Int) throws(Interruption) -> Reply {
        let rows = nodes.scan(at: snapshot, by: number)
        let rested = rows.filter { !$0.value.isLive && $0.value.leaseUntil + Times.numberRests <= now }
            .min { $0.value.leaseUntil < $1.value.leaseUntil }
        let key = rested?.key ?? RowKey((rows.last?.key.first ?? 0) + 1)
        let row = NodeRow(incarnation: incarnation, beat: 0, isLive: true, leaseUntil: now + Times.lease)
        if let rested {
            try Self.lock(&nodes, .nodes, key, number, &sessions[number])
            guard let newest = nodes.newest(key, by: number), !newest.isLive,
                newest.incarnation == rested.value.incarnation
            else { throw .fails(.serialization) }
            nodes.write(key, row, by: number)
        } else if try !Self.insert(&nodes, .nodes, key, row, number, &sessions[number]) {
            throw .fails(.uniqueViolation)
        }
        let head = feedHead.read(RowKey(0), at: snapshot, by: number) ?? 0
        return .joined(Identity(number: key.first, incarnation: row.incarnation), head: head)
    }

    private mutating func claim(_ wanted: [Claim], _ number: Int) throws(Interruption) -> Reply {
        var claimed: [Int] = []
        for claim in wanted {
            let key = RowKey(claim.question)
            // After a wait the statement comes here again.
            let isOwn = claims.newest(key, by: number) == claim.id
            let isClaimed =
                if isOwn { true } else { try Self.insert(&claims, .claims, key, claim.id, number, &sessions[number]) }
            if isClaimed { claimed.append(claim.question) }
        }
        return .claimed(claimed)
    }

    private mutating func lockFlights(
        _ ids: [Int],
        _ questions: [Int],
        _ own: [Int],
        _ number: Int,
        _ snapshot: Int
    ) throws(Interruption) -> Reply {
        let claimed = questions.compactMap { question -> Claim? in
            guard let id = claims.read(RowKey(question), at: snapshot, by: number), !own.contains(id) else {
                return nil
            }
            return Claim(question: question, id: id)
        }
        let visible = (ids + claimed.map(\.id)).sorted().filter {
            flights.read(RowKey($0), at: snapshot, by: number) != nil
        }
        for id in visible { try Self.lock(&flights, .flights, RowKey(id), number, &sessions[number]) }
        var rows: [(id: Int, row: FlightRow)] = []
        var followed: [Claim] = []
        for id in visible {
            guard var row = flights.newest(RowKey(id), by: number) else { continue }
            if let claim = claimed.first(where: { $0.id == id }) {
                row.isAwaited = true
                flights.write(RowKey(id), row, by: number)
                followed.append(claim)
            }
            rows.append((id, row))
        }
        return .flights(rows, followed: followed)
    }

    private mutating func lockScopes(_ wanted: [Int], _ number: Int, _ snapshot: Int) throws(Interruption) -> Reply {
        if rules.has(.scopeLock) {
            for scope in wanted { try Self.lock(&scopes, .scopes, RowKey(scope), number, &sessions[number]) }
            for scope in wanted {
                let version = scopes.newest(RowKey(scope), by: number) ?? 0
                scopes.write(RowKey(scope), version + 1, by: number)
            }
        }
        // Without the guard they come with the locks, and are as old as the statement.
        return rules.has(.balancesAfterLock) ? .done : .balances(readBalances(wanted, number, snapshot))
    }

    private func readBalances(_ wanted: [Int], _ number: Int, _ snapshot: Int) -> [BalanceChange] {
        balances.scan(at: snapshot, by: number) { key, _ in wanted.contains(key.first) }.map {
            BalanceChange(scope: $0.key.first, day: $0.key.second, number: $0.key.third, change: $0.value)
        }
    }

    mutating func book(_ change: BalanceChange, _ number: Int) throws(Interruption) {
        let key = RowKey(change.scope, change.day, change.number)
        try Self.lock(&balances, .balances, key, number, &sessions[number])
        var amounts = balances.newest(key, by: number) ?? Amounts()
        amounts += change.change
        balances.write(key, amounts, by: number)
    }

    private mutating func append(_ event: FeedEvent, _ number: Int) throws(Interruption) -> Int {
        var next: Int
        if rules.has(.feedHead) {
            try Self.lock(&feedHead, .feedHead, RowKey(0), number, &sessions[number])
            next = (feedHead.newest(RowKey(0), by: number) ?? 0) + 1
            feedHead.write(RowKey(0), next, by: number)
        } else {
            sequence += 1
            next = sequence
        }
        guard try Self.insert(&feed, .feed, RowKey(next), event, number, &sessions[number]) else {
            throw .fails(.uniqueViolation)
        }
        return next
    }
}
