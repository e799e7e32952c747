import Vocabulary

@testable import Budgeting

/// The group commit of a node: what was asked meanwhile, decided under the locks of one transaction.
extension World {
    private static let batchMax = 4

    /// What the first round trip has read.
    struct Observed {
        var claimed: [Int] = []
        var followed: [Claim] = []
        var flights: [Int: FlightRow] = [:]
        var balances: [BalanceChange] = []
        var results: [Int: Answer] = [:]
        var ledger: [Int: LedgerEntry] = [:]
        var changing: [Int] = []

        init(_ replies: [Reply]) {
            for reply in replies {
                switch reply {
                case .claimed(let questions): claimed = questions
                case .flights(let rows, let claims):
                    for (id, row) in rows { flights[id] = row }
                    followed = claims
                case .balances(let rows): balances = rows
                case .results(let rows): for (question, answer) in rows { results[question] = answer }
                case .ledger(let rows): for (id, row) in rows { ledger[id] = row }
                case .documents(let documents): changing = documents
                case .done, .count, .beat, .joined, .dead, .events, .landings, .isRevoked: break
                }
            }
        }
    }

    mutating func beginBatch(_ index: Int, _ session: Int, _ identity: Identity) {
        let operations = takeBatch(index)
        var claims: [Claim] = []
        var scopes: Set<Int> = []
        var rows: Set<Int> = []
        var endings: [Operation.Ending] = []
        for operation in operations {
            switch operation {
            case .admit(let admission):
                if admission.kind != .noStore { claims.append(Claim(question: admission.question, id: admission.id)) }
                scopes.formUnion(Places.scopes(key: admission.key, upstreamKey: upstreamKey(index, admission.id)))
            case .end(let ending):
                endings.append(ending)
                rows.insert(ending.call.id)
            case .resolve(let id, _): rows.insert(id)
            case .register, .remove: break
            }
        }
        claims.sort { $0.question < $1.question }
        let questions = claims.map(\.question)
        var statements = [fence(index, identity)]
        if !claims.isEmpty { statements.append(.claim(claims)) }
        if !claims.isEmpty || !endings.isEmpty {
            let ids = endings.map(\.call.id)
            statements.append(.lockFlights(ids, following: questions, own: claims.map(\.id)))
        }
        if !scopes.isEmpty {
            statements.append(.lockScopes(scopes.sorted()))
            if rules.has(.balancesAfterLock) { statements.append(.readBalances(scopes.sorted())) }
        }
        if !questions.isEmpty { statements.append(.readResults(questions)) }
        if !rows.isEmpty { statements.append(.lockLedger(rows.sorted())) }
        if !endings.isEmpty, rules.has(.changeMarkers) {
            statements.append(.readMarkers(endings.map { Places.document(of: $0.call.question) }))
        }
        if !rules.has(.commitApart), endings.count == operations.count {
            // All in one pipeline, on the assumption that everything is as this node left it.
            var assumed = Observed([])
            for ending in endings {
                assumed.ledger[ending.call.id] = ending.call.entry
                assumed.flights[ending.call.id] = FlightRow(question: ending.call.question, owner: identity)
            }
            start(index, session, .batch, statements, operations, identity: identity)
            guard var transaction = nodes[index].transaction else { return }
            let writes = compose(index, &transaction, assumed, identity, at: database.now)
            transaction.isCommitSent = true
            nodes[index].transaction = transaction
            database.sessions[session].inbox += writes + [.commit]
            return
        }
        start(index, session, .batch, statements, operations, identity: identity)
    }

    /// What waits, at most one admission of a question.
    private mutating func takeBatch(_ index: Int) -> [Operation] {
        var taken: [Operation] = []
        var left: [Operation] = []
        var questions: Set<Int> = []
        var rows: Set<Int> = []
        for operation in nodes[index].queue {
            var isTaken = taken.count < Self.batchMax
            switch operation {
            case .admit(let admission):
                if isTaken, admission.kind != .noStore { isTaken = questions.insert(admission.question).inserted }
            case .end(let ending): if isTaken { isTaken = rows.insert(ending.call.id).inserted }
            case .resolve(let id, _): if isTaken { isTaken = rows.insert(id).inserted }
            case .register: break
            case .remove: isTaken = false
            }
            if isTaken { taken.append(operation) } else { left.append(operation) }
        }
        nodes[index].queue = left
        return taken
    }

    /// The upstream key that a reservation is booked to.
    func upstreamKey(_ index: Int, _ id: Int) -> Int {
        nodes[index].quarantined.contains(id % Places.upstreamKeys)
            ? (id + 1) % Places.upstreamKeys
            : id % Places.upstreamKeys
    }

    mutating func decide(
        _ index: Int,
        _ session: Int,
        _ transaction: Transaction,
        _ replies: [Reply],
        as identity: Identity
    ) {
        var transaction = transaction
        let now = database.sessions[session].startedAt
        let statements = compose(index, &transaction, Observed(replies), identity, at: now)
        proceed(index, session, transaction, statements + [.commit])
    }

    /// Decides everything in the batch, and puts down what it writes.
    private mutating func compose(
        _ index: Int,
        _ transaction: inout Transaction,
        _ observed: Observed,
        _ identity: Identity,
        at now: Int
    ) -> [Statement] {
        var writes = Writes(number: identity.number)
        var admissions: [Operation.Admission] = []
        for operation in transaction.operations {
            switch operation {
            case .admit(let admission): admissions.append(admission)
            case .end(let ending):
                let isStored = end(ending, observed, &writes)
                transaction.endings.append((ending, isStored))
            case .resolve(let id, let credits):
                guard var row = observed.ledger[id], row.state == .unconfirmed else { continue }
                writes.change(id, &row, to: .resolved, credits: credits)
            case .register(let event): writes.register(event)
            case .remove: preconditionFailure("a purge in a batch")
            }
        }
        // What the same batch has just learned to cost more counts for its admissions too.
        let own = rules.has(.endingsFirst) ? writes.changes : []
        var desk = BudgetDesk(limits: transaction.limits, balances: observed.balances + own, at: now)
        for admission in admissions {
            let outcome = admit(index, admission, observed, identity, &desk, &writes)
            transaction.admissions.append((admission, outcome))
        }
        return writes.statements
    }

    private mutating func admit(
        _ index: Int,
        _ admission: Operation.Admission,
        _ observed: Observed,
        _ identity: Identity,
        _ desk: inout BudgetDesk,
        _ writes: inout Writes
    ) -> AdmissionOutcome {
        let question = admission.question
        let claim = Claim(question: question, id: admission.id)
        if admission.kind != .noStore {
            guard observed.claimed.contains(question) else {
                return observed.followed.first { $0.question == question }.map { .follows($0.id) } ?? .again
            }
            if admission.kind == .normal, rules.has(.recheck), let answer = observed.results[question] {
                writes.late.append(.unclaim(claim))
                return .found(answer)
            }
        }
        let upstreamKey = upstreamKey(index, admission.id)
        guard let day = desk.admit(key: admission.key, upstreamKey: upstreamKey) else {
            if admission.kind != .noStore { writes.late.append(.unclaim(claim)) }
            return .denied
        }
        let entry = LedgerEntry(
            owner: identity,
            question: question,
            estimate: Places.estimate,
            day: day,
            scopes: Places.scopes(key: admission.key, upstreamKey: upstreamKey)
        )
        writes.book(entry, entry.amounts)
        writes.ledger.append(.putLedger(admission.id, entry))
        var flight = FlightRow(question: question, owner: identity)
        flight.isStorable = admission.kind != .noStore
        writes.flights.append(.putFlight(admission.id, flight))
        return .admitted(
            OpenCall(
                id: admission.id,
                owner: identity,
                flight: admission.flight,
                question: question,
                kind: admission.kind,
                entry: entry
            )
        )
    }

    /// Ends a reservation as far as its row allows. Returns whether its answer is stored.
    private mutating func end(_ ending: Operation.Ending, _ observed: Observed, _ writes: inout Writes) -> Bool {
        let id = ending.call.id
        let flight = observed.flights[id]
        if var row = observed.ledger[id] {
            switch (row.state, ending.outcome) {
            case (.reserved, .answered(let credits)): writes.change(id, &row, to: .settled, credits: credits)
            case (.reserved, .failed): writes.change(id, &row, to: .released)
            case (.reserved, .unknown): writes.change(id, &row, to: .unconfirmed)
            case (.unconfirmed, .answered(let credits)):
                counts.late += 1
                writes.change(id, &row, to: .resolved, credits: credits)
            case (.unconfirmed, .failed):
                counts.late += 1
                writes.change(id, &row, to: .resolved)
            case (_, .answered(let credits)) where !rules.has(.endFromState):
                writes.change(id, &row, to: .settled, credits: credits)
            default: break
            }
        } else {
            var row = ending.call.entry
            switch ending.outcome {
            case .answered(let credits): writes.insert(id, &row, as: .settled, credits: credits)
            case .unknown: writes.insert(id, &row, as: .unconfirmed)
            case .failed: break
            }
        }
        let document = Places.document(of: ending.call.question)
        let mayStore = flight.map(\.isStorable) ?? (!rules.has(.lateUnstored) && ending.call.kind != .noStore)
        let isStored = ending.answer != nil && mayStore && !observed.changing.contains(document)
        if isStored, let answer = ending.answer { writes.results.append(.putResult(ending.call.question, answer)) }
        guard let flight else { return isStored }
        if flight.isAwaited, rules.has(.landings) {
            let outcome = ending.answer.map { LandingOutcome.answered($0, isStored: isStored) } ?? .failed
            writes.results.append(.putLanding(id, outcome))
        }
        writes.late.append(.removeFlight(id))
        writes.late.append(.unclaim(Claim(question: ending.call.question, id: id)))
        return isStored
    }
}
