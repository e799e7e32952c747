/// What must hold after every step. The first ones are those of `docs/faults.md` §5.
enum Invariant: String, Sendable {
    /// Spent, unconfirmed and reserved fit into every limit at each admission.
    case i1 = "I1"
    /// A reservation is committed before the first byte.
    case i2 = "I2"
    /// A reservation ends once.
    case i3 = "I3"
    /// What the vendor charged is counted.
    case i4 = "I4"
    /// What a client was told is committed.
    case i5 = "I5"
    /// Booked to the day of its admission, in all scopes alike: balances are the sums of the ledger.
    case i8 = "I8"
    /// Nothing stays reserved.
    case i9 = "I9"
    /// One call per question at a time.
    case oneCall = "N1"
    /// Nothing is asked that is stored.
    case storedIsNotAsked = "N14"
    /// A dead incarnation writes nothing.
    case deadWritesNothing = "N2"
    /// Nothing is sent under a reservation that others may have ended.
    case sendUnderLease = "N3"
    /// A node that has seen a number of the feed has seen all below it.
    case feedHasNoGap = "N4"
    /// Nothing that was asked for before a purge is stored after it.
    case purgedIsNotStored = "N5"
    /// Nothing that was asked for before a purge is served to a request from after it.
    case purgedIsNotServed = "N6"
    /// Nothing is stored about a document that is being changed.
    case changedIsNotStored = "N7"
    /// A revoked key is refused within the bound.
    case revokedIsRefused = "N8"
    /// A follower gets the outcome of the flight that it follows.
    case followersGetOutcome = "N9"
    /// Transactions never wait for each other in a circle, and none inserts a row twice.
    case noDeadlock = "N10"
    /// No lock outlasts its bound.
    case locksEnd = "N11"
    /// A live node is not declared dead.
    case liveIsNotSwept = "N12"
    /// Everything ends once the faults have ceased.
    case quiescence = "N13"
}

/// Sums that the invariants compare, kept up to date commit by commit.
struct Sums {
    struct Place: Hashable {
        let scope: Int
        let day: Int
    }

    var ofLedger: [Place: Amounts] = [:]
    var ofBalances: [Place: Amounts] = [:]
    var exposure: [Place: Int] = [:]
    /// The step of the commit that claimed a flight, by its identifier.
    var claimed: [Int: Int] = [:]
    /// When it was over, in milliseconds.
    var ended: [Int: Int] = [:]
    /// When flights about a document were closed to others.
    var detached: [(document: Int, step: Int)] = []

    mutating func add(_ entry: LedgerEntry, isAdded: Bool) {
        for scope in entry.scopes {
            let place = Place(scope: scope, day: entry.day)
            if isAdded {
                ofLedger[place, default: Amounts()] += entry.amounts
                exposure[place, default: 0] += entry.exposure
            } else {
                ofLedger[place, default: Amounts()] -= entry.amounts
                exposure[place, default: 0] -= entry.exposure
            }
        }
    }

    func exposure(of scope: Int, day: Int?) -> Int {
        if let day { return exposure[Place(scope: scope, day: day)] ?? 0 }
        return (0...1).reduce(0) { $0 + (exposure[Place(scope: scope, day: $1)] ?? 0) }
    }
}

extension World {
    /// Checks a commit that has just been made.
    mutating func check(_ commit: Database.Commit) {
        counts.commits += 1
        let number = commit.number
        if let identity = commit.writer.identity, ![.sweep, .late].contains(commit.writer.kind) {
            let row = database.nodes.before(RowKey(identity.number), commit: number)
            if row.map({ !$0.isLive || $0.incarnation != identity.incarnation }) ?? (lossStep < 0) {
                let isHarmless = commit.rows.allSatisfy { $0.table == .nodes }
                if !isHarmless {
                    violate(.deadWritesNothing, "node \(commit.writer.node) writes as \(identity), which is dead")
                }
            }
        }
        var places: Set<Sums.Place> = []
        var admitted: [LedgerEntry] = []
        for row in commit.rows {
            switch row.table {
            case .ledger: checkLedger(row.key, number, &places, &admitted)
            case .balances:
                let place = Sums.Place(scope: row.key.first, day: row.key.second)
                places.insert(place)
                if let old = database.balances.before(row.key, commit: number) {
                    sums.ofBalances[place, default: Amounts()] -= old
                }
                if let new = database.balances.committed(row.key) {
                    sums.ofBalances[place, default: Amounts()] += new
                }
            case .flights:
                if database.flights.before(row.key, commit: number) == nil { sums.claimed[row.key.first] = steps }
                if database.flights.committed(row.key) == nil { sums.ended[row.key.first] = database.now }
            case .results: checkStored(row.key.first, number)
            case .feed: noteCommitted(row.key.first, number)
            case .nodes: checkSwept(row.key, number)
            case .scopes, .claims, .landings, .feedHead, .markers, .keys, .upstreamKeys: break
            }
        }
        for place in places where sums.ofLedger[place] ?? Amounts() != sums.ofBalances[place] ?? Amounts() {
            let (ledger, balances) = (sums.ofLedger[place] ?? Amounts(), sums.ofBalances[place] ?? Amounts())
            violate(.i8, "\(place): the ledger has \(ledger), the balances \(balances)")
        }
        for entry in admitted { checkLimits(entry, commit) }
    }

    private mutating func checkLedger(
        _ key: RowKey,
        _ commit: Int,
        _ places: inout Set<Sums.Place>,
        _ admitted: inout [LedgerEntry]
    ) {
        let old = database.ledger.before(key, commit: commit)
        guard let new = database.ledger.committed(key), new != old else { return }
        if let old { sums.add(old, isAdded: false) }
        sums.add(new, isAdded: true)
        for scope in new.scopes { places.insert(Sums.Place(scope: scope, day: new.day)) }
        switch (old?.state, new.state) {
        case (nil, .reserved): admitted.append(new)
        case (.reserved, .settled), (.reserved, .released), (.reserved, .unconfirmed), (.unconfirmed, .resolved): break
        case (nil, .settled), (nil, .unconfirmed):
            if lossStep < 0 { violate(.i3, "row \(key) begins as \(new.state)") }
        default: violate(.i3, "row \(key) goes from \(old.map { "\($0.state)" } ?? "nothing") to \(new.state)")
        }
        checkCharged(key.first)
    }

    /// I4: whatever the vendor has charged is in the ledger, or counted at its estimate.
    mutating func checkCharged(_ id: Int) {
        guard let call = calls.first(where: { $0.id == id }), call.charged > 0, call.sentStep > lossStep else { return }
        guard let row = database.ledger.committed(RowKey(id)) else {
            return violate(.i4, "call \(id) was charged, and has no row")
        }
        let isCounted =
            switch row.state {
            case .reserved, .unconfirmed: true
            case .settled, .resolved: row.credits >= call.charged
            case .released: false
            }
        if !isCounted { violate(.i4, "call \(id) was charged \(call.charged), and its row is \(row)") }
    }

    /// I1. The excess over estimates counts as far as the transaction itself booked it: what others book meanwhile does
    /// not wait for its locks.
    private mutating func checkLimits(_ entry: LedgerEntry, _ commit: Database.Commit) {
        let limits = commit.writer.limits
        var ofOrganization = sums.exposure(of: Places.organization, day: nil)
        var ofTeam = sums.exposure(of: entry.scopes[1], day: entry.day)
        for row in commit.rows where row.table == .ledger {
            guard let booked = database.ledger.committed(row.key),
                database.ledger.before(row.key, commit: commit.number) != booked
            else { continue }
            ofOrganization += booked.excess
            if booked.day == entry.day, booked.scopes[1] == entry.scopes[1] { ofTeam += booked.excess }
        }
        if ofOrganization > limits.organization {
            violate(.i1, "the organization has \(ofOrganization) of \(limits.organization)")
        }
        if ofTeam > limits.team { violate(.i1, "team \(entry.scopes[1]) has \(ofTeam) of \(limits.team)") }
    }

    private mutating func checkStored(_ question: Int, _ commit: Int) {
        guard let answer = database.results.committed(RowKey(question)),
            database.results.before(RowKey(question), commit: commit) != answer
        else { return }
        let document = Places.document(of: question)
        checkPurged(question, answer)
        let isChanging = database.markers.committedRows().contains { row in
            row.key.first == document && removals[changes[row.key.second].begin].committedStep != nil
        }
        if isChanging {
            violate(.changedIsNotStored, "an answer to question \(question) is stored in a change of \(document)")
        }
    }

    private mutating func checkPurged(_ question: Int, _ answer: Answer) {
        let document = Places.document(of: question)
        for removal in removals where removal.document == document && removal.committedStep != nil {
            guard removal.kind != .mark, answer.asked < removal.requestedStep else { continue }
            let (asked, purged) = (answer.asked, removal.requestedStep)
            violate(
                .purgedIsNotStored,
                "call \(answer.call) of step \(asked) is stored after the purge of step \(purged)"
            )
        }
    }

    /// An event of the feed is committed: what it stands for is in force.
    private mutating func noteCommitted(_ number: Int, _ commit: Int) {
        guard let event = database.feed.committed(RowKey(number)) else { return }
        switch event.subject {
        case .document(let document):
            removals[event.serial].number = number
            removals[event.serial].commit = commit
            removals[event.serial].committedStep = steps
            sums.detached.append((document, steps))
            for question in 0..<Places.questions where Places.document(of: question) == document {
                if let answer = database.results.committed(RowKey(question)) { checkPurged(question, answer) }
            }
        case .key:
            guard let index = revocations.firstIndex(where: { $0.serial == event.serial }) else { return }
            revocations[index].number = number
            revocations[index].commit = commit
            revocations[index].committedAt = database.now
        case .upstreamKey: break
        }
    }

    private mutating func checkSwept(_ key: RowKey, _ commit: Int) {
        guard let old = database.nodes.before(key, commit: commit), let new = database.nodes.committed(key),
            old.isLive, !new.isLive
        else { return }
        counts.swept += 1
        if old.leaseUntil > database.now { violate(.liveIsNotSwept, "node \(key) is declared dead within its lease") }
    }
}
