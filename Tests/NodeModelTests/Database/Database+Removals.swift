/// What the statements of purges, changes of documents and sweeps do.
extension Database {
    mutating func executeRemoval(_ statement: Statement, _ number: Int, _ snapshot: Int) throws(Interruption) -> Reply {
        switch statement {
        case .lockFlightsAbout(let document):
            let rows = flights.scan(at: snapshot, by: number) { _, row in row.document == document }
            for row in rows { try Self.lock(&flights, .flights, row.key, number, &sessions[number]) }
        case .detach(let document): try detach(number, snapshot) { $0.document == document }
        case .removeResults(let document): try removeResults(about: document, number, snapshot)
        case .mark(let document, let serial, let identity):
            let key = RowKey(document, serial)
            try Self.lock(&markers, .markers, key, number, &sessions[number])
            markers.write(key, ChangeMarker(owner: identity), by: number)
        case .unmark(let document, let serial):
            try Self.remove(&markers, .markers, RowKey(document, serial), number, &sessions)
        case .declareDead(let excluded): return try declareDead(excluded, number, snapshot)
        case .lockForSweep(let identity):
            let documents = changing(by: identity, number, snapshot)
            let rows = flights.scan(at: snapshot, by: number) { _, row in
                row.owner == identity || documents.contains(row.document)
            }
            for row in rows { try Self.lock(&flights, .flights, row.key, number, &sessions[number]) }
        case .sweepLedger(let identity): try sweepLedger(identity, number, snapshot)
        case .sweepFlights(let identity):
            for row in flights.scan(at: snapshot, by: number, where: { $1.owner == identity }) {
                if row.value.isAwaited {
                    try Self.lock(&landings, .landings, row.key, number, &sessions[number])
                    landings.write(row.key, Landing(outcome: .lost, expires: now + Times.landingKept), by: number)
                }
                try unclaim(row.value.question, of: row.key.first, number)
                try Self.remove(&flights, .flights, row.key, number, &sessions)
            }
        case .sweepMarkers(let identity): return try sweepMarkers(identity, number, snapshot)
        case .sweepLandings:
            for row in landings.scan(at: snapshot, by: number, where: { $1.expires <= now }) {
                try Self.remove(&landings, .landings, row.key, number, &sessions)
            }
        default: preconditionFailure("executed elsewhere")
        }
        return .done
    }

    private mutating func detach(_ number: Int, _ snapshot: Int, where concerns: (FlightRow) -> Bool)
        throws(Interruption)
    {
        // Those that the transaction has locked: a flight that has begun since is asked after the purge.
        let locked = sessions[number].locked.filter { $0.table == .flights }.map(\.key).sorted()
        for key in locked {
            guard var row = flights.newest(key, by: number), concerns(row) else { continue }
            if rules.has(.purgeUnclaims) { try unclaim(row.question, of: key.first, number) }
            if rules.has(.purgeMarksFlights) {
                row.isStorable = false
                flights.write(key, row, by: number)
            }
        }
    }

    private mutating func unclaim(_ question: Int, of id: Int, _ number: Int) throws(Interruption) {
        guard claims.newest(RowKey(question), by: number) == id else { return }
        try Self.remove(&claims, .claims, RowKey(question), number, &sessions)
    }

    private mutating func removeResults(about document: Int, _ number: Int, _ snapshot: Int) throws(Interruption) {
        for row in results.scan(
            at: snapshot,
            by: number,
            where: { key, _ in Places.document(of: key.first) == document }
        ) {
            try Self.remove(&results, .results, row.key, number, &sessions)
        }
    }

    private func changing(by identity: Identity, _ number: Int, _ snapshot: Int) -> [Int] {
        markers.scan(at: snapshot, by: number) { _, row in row.owner == identity }.map(\.key.first)
    }

    private mutating func declareDead(_ excluded: Identity, _ number: Int, _ snapshot: Int) throws(Interruption)
        -> Reply
    {
        let isOver = { [rules, now = sessions[number].startedAt] (row: NodeRow) in
            row.isLive && (row.leaseUntil < now || !rules.has(.sweepLease))
        }
        for row in nodes.scan(at: snapshot, by: number, where: { $0.first != excluded.number && isOver($1) }) {
            try Self.lock(&nodes, .nodes, row.key, number, &sessions[number])
            guard var newest = nodes.newest(row.key, by: number) else { continue }
            if rules.has(.sweepRecheck), !isOver(newest) { continue }
            let identity = Identity(number: row.key.first, incarnation: newest.incarnation)
            newest.isLive = false
            nodes.write(row.key, newest, by: number)
            return .dead(identity)
        }
        return .dead(nil)
    }

    private mutating func sweepLedger(_ identity: Identity, _ number: Int, _ snapshot: Int) throws(Interruption) {
        let open = ledger.scan(at: snapshot, by: number) { _, row in row.owner == identity && row.state == .reserved }
        for row in open { try Self.lock(&ledger, .ledger, row.key, number, &sessions[number]) }
        for row in open {
            guard var entry = ledger.newest(row.key, by: number), entry.state == .reserved else { continue }
            let change = Amounts(unconfirmed: entry.estimate, reserved: -entry.estimate)
            entry.state = .unconfirmed
            ledger.write(row.key, entry, by: number)
            for scope in entry.scopes.sorted() {
                try book(
                    BalanceChange(scope: scope, day: entry.day, number: identity.number, change: change),
                    number
                )
            }
        }
    }

    private mutating func sweepMarkers(_ identity: Identity, _ number: Int, _ snapshot: Int) throws(Interruption)
        -> Reply
    {
        let rows = markers.scan(at: snapshot, by: number) { _, row in row.owner == identity }
        for row in rows { try Self.remove(&markers, .markers, row.key, number, &sessions) }
        let documents = Set(rows.map(\.key.first)).sorted()
        try detach(number, snapshot) { documents.contains($0.document) }
        for document in documents { try removeResults(about: document, number, snapshot) }
        return .documents(documents)
    }
}
