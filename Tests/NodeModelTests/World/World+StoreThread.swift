/// The store thread of a node: one transaction at a time, in one or two round trips.
extension World {
    /// Lets the thread do its next thing. False when it waits for the database, or there is nothing to do.
    mutating func moveStoreThread(_ index: Int, _ choice: Int) -> Bool {
        guard nodes[index].isAble else { return false }
        guard let session = nodes[index].session, !database.sessions[session].isClosed else {
            return connect(index)
        }
        guard let transaction = nodes[index].transaction else { return begin(index, session, choice) }
        guard database.sessions[session].inbox.isEmpty else { return false }
        let replies = database.sessions[session].replies
        database.sessions[session].replies = []
        if let failure = database.sessions[session].failure {
            database.sessions[session].failure = nil
            note("node \(index) is told \(failure.rawValue)")
            if failure == .uniqueViolation, transaction.kind != .joining, transaction.kind != .late {
                violate(.noDeadlock, "a \(transaction.kind) of node \(index) inserts a row twice")
            }
            nodes[index].transaction = nil
            giveBack(index, transaction)
            return true
        }
        goOn(index, session, transaction, replies)
        return true
    }

    private mutating func connect(_ index: Int) -> Bool {
        loseConnection(index)
        guard !nodes[index].isCutOff else { return false }
        nodes[index].session = database.connect(index)
        note("node \(index) connects")
        return true
    }

    /// The connection is gone, and with it what was under way on it.
    mutating func loseConnection(_ index: Int) {
        if let session = nodes[index].session { database.sessions[session].client = nil }
        nodes[index].session = nil
        guard let transaction = nodes[index].transaction else { return }
        nodes[index].transaction = nil
        guard transaction.isCommitSent, ![.joining, .sweep, .late].contains(transaction.kind) else {
            if transaction.kind == .sweep, !rules.has(.sweepAlone) { nodes[index].isBeatUnsure = true }
            return giveBack(index, transaction)
        }
        counts.unknown += 1
        note("node \(index) does not know whether beat \(transaction.beat) is committed")
        if transaction.kind == .recovery { return }
        nodes[index].unknown = transaction
    }

    /// What was not done is to be done later.
    mutating func giveBack(_ index: Int, _ transaction: Transaction) {
        switch transaction.kind {
        case .batch, .purge, .late: nodes[index].queue.insert(contentsOf: transaction.operations, at: 0)
        case .sweep, .poll, .recovery, .joining: break
        }
    }

    private mutating func begin(_ index: Int, _ session: Int, _ choice: Int) -> Bool {
        if let lost = nodes[index].lostSeat { return beginLate(index, session, lost) }
        guard let identity = nodes[index].identity else {
            start(index, session, .joining, [.join(incarnation: nextID()), .commit], [], identity: nil)
            return true
        }
        if nodes[index].unknown != nil || nodes[index].isBeatUnsure {
            let beat = nodes[index].greatestBeat + 1
            start(index, session, .recovery, [.takeBeat(identity, to: beat)], [], identity: identity)
            return true
        }
        let local = local(index)
        var kinds: [Writer.Kind] = []
        if local - nodes[index].lastPoll >= Times.pollEvery { kinds.append(.poll) }
        if local - nodes[index].lastSweep >= Times.sweepEvery { kinds.append(.sweep) }
        let removal = nodes[index].queue.firstIndex { if case .remove = $0 { true } else { false } }
        if removal != nil { kinds.append(.purge) }
        if nodes[index].queue.contains(where: { if case .remove = $0 { false } else { true } }) { kinds.append(.batch) }
        guard !kinds.isEmpty else { return false }
        switch kinds[choice % kinds.count] {
        case .poll: beginPoll(index, session, identity)
        case .sweep: beginSweep(index, session, identity)
        case .purge: beginRemoval(index, session, identity, nodes[index].queue.remove(at: removal ?? 0))
        case .batch: beginBatch(index, session, identity)
        case .recovery, .joining, .late: break
        }
        return true
    }

    /// One ending that is left, by the state of its row alone; at last the process is started again.
    private mutating func beginLate(_ index: Int, _ session: Int, _ lost: Identity) -> Bool {
        for (number, operation) in nodes[index].queue.enumerated() {
            guard case .end(let ending) = operation else { continue }
            nodes[index].queue.remove(at: number)
            start(index, session, .late, [.lockLedger([ending.call.id])], [operation], identity: lost)
            return true
        }
        guard nodes[index].calls.isEmpty else { return false }
        crash(index)
        nodes[index].isRunning = true
        note("node \(index) is started again")
        return true
    }

    func fence(_ index: Int, _ identity: Identity) -> Statement {
        .fence(identity, from: nodes[index].beat, to: nodes[index].greatestBeat + 1)
    }

    /// Sends the first round trip of a transaction.
    mutating func start(
        _ index: Int,
        _ session: Int,
        _ kind: Writer.Kind,
        _ statements: [Statement],
        _ operations: [Operation],
        identity: Identity?
    ) {
        let limits = nodes[index].limits
        let isUnfenced = [.joining, .late].contains(kind) || (kind == .sweep && rules.has(.sweepAlone))
        nodes[index].greatestBeat += isUnfenced ? 0 : 1
        var transaction = Transaction(
            kind: kind,
            beat: nodes[index].greatestBeat,
            sentAt: local(index),
            limits: limits
        )
        transaction.operations = operations
        transaction.isCommitSent = statements.contains { if case .commit = $0 { true } else { false } }
        nodes[index].transaction = transaction
        let writer = Writer(kind: kind, node: index, identity: identity, limits: limits)
        // A rollback may stand before it.
        database.sessions[session].inbox += [.begin(writer)] + statements
        note("node \(index) begins a \(kind), beat \(transaction.beat)")
    }

    private mutating func beginPoll(_ index: Int, _ session: Int, _ identity: Identity) {
        let followed = nodes[index].flights.compactMap { flight -> Int? in
            if case .following(let id) = flight.state { id } else { nil }
        }
        let reads: [Statement] = [.readFeed(after: nodes[index].seen), .readLandings(followed)]
        // Nothing is written but the beat, so that one round trip is enough.
        let statements = rules.has(.pollBeats) ? [fence(index, identity)] + reads + [.commit] : reads + [.rollback]
        start(index, session, .poll, statements, [], identity: identity)
        if !rules.has(.pollBeats) { nodes[index].greatestBeat -= 1 }
    }

    private mutating func beginSweep(_ index: Int, _ session: Int, _ identity: Identity) {
        nodes[index].lastSweep = local(index)
        let fences = rules.has(.sweepAlone) ? [] : [fence(index, identity)]
        start(index, session, .sweep, fences + [.declareDead(excluding: identity)], [], identity: identity)
    }

    private mutating func beginRemoval(
        _ index: Int,
        _ session: Int,
        _ identity: Identity,
        _ operation: Operation
    ) {
        guard case .remove(let removal) = operation else { return }
        var statements = [fence(index, identity)]
        let event = Statement.feed(FeedEvent(subject: .document(removal.document), serial: removal.serial))
        if removal.kind != .mark {
            if !rules.has(.feedLast) { statements.append(event) }
            if !rules.has(.purgeFlightsFirst) { statements.append(.removeResults(about: removal.document)) }
            statements.append(.lockFlightsAbout(removal.document))
        }
        start(index, session, .purge, statements, [operation], identity: identity)
    }

    /// The second round trip of a purge, or of one end of a change.
    func writes(of removal: Operation.Removal, by identity: Identity) -> [Statement] {
        let mark = Statement.mark(document: removal.document, serial: removal.change, identity)
        if removal.kind == .mark { return [mark, .commit] }
        var statements: [Statement] = []
        if removal.kind == .beginChange, !rules.has(.markerFirst) { statements.append(mark) }
        statements.append(.detach(removal.document))
        if rules.has(.purgeFlightsFirst) { statements.append(.removeResults(about: removal.document)) }
        if removal.kind == .endChange {
            statements.append(.unmark(document: removal.document, serial: removal.change))
        }
        if rules.has(.feedLast) {
            statements.append(.feed(FeedEvent(subject: .document(removal.document), serial: removal.serial)))
        }
        return statements + [.commit]
    }

    /// The database has answered a round trip.
    private mutating func goOn(_ index: Int, _ session: Int, _ transaction: Transaction, _ replies: [Reply]) {
        for case .count(0) in replies.prefix(3) where !transaction.isApplied {
            return loseIdentity(index, session, transaction)
        }
        if transaction.isCommitSent { return finish(index, transaction, replies) }
        guard let identity = nodes[index].identity ?? nodes[index].lostSeat else { return }
        switch transaction.kind {
        case .batch, .late: decide(index, session, transaction, replies, as: identity)
        case .purge:
            guard case .remove(let removal) = transaction.operations[0] else { return }
            proceed(index, session, transaction, writes(of: removal, by: identity))
        case .sweep: sweep(index, session, transaction, replies)
        case .recovery: recover(index, session, transaction, replies)
        case .poll:
            // Without a beat: nothing was committed, and what was read counts at once.
            var poll = transaction
            read(replies, into: &poll)
            confirm(index, poll)
            nodes[index].transaction = nil
        case .joining: break
        }
    }

    /// Sends the second round trip, which ends with COMMIT.
    mutating func proceed(_ index: Int, _ session: Int, _ transaction: Transaction, _ statements: [Statement]) {
        var transaction = transaction
        transaction.isCommitSent = true
        if !rules.has(.answerAfterCommit) {
            confirm(index, transaction)
            transaction.isApplied = true
        }
        nodes[index].transaction = transaction
        database.sessions[session].inbox = statements
        note("node \(index) sends the writes and COMMIT of beat \(transaction.beat)")
    }

    private mutating func sweep(_ index: Int, _ session: Int, _ transaction: Transaction, _ replies: [Reply]) {
        for case .dead(let identity?) in replies {
            note("node \(index) declares \(identity) dead")
            var transaction = transaction
            var statements: [Statement] = [
                .lockForSweep(identity), .sweepLedger(identity), .sweepFlights(identity), .sweepMarkers(identity),
            ]
            for document in Set(database.markers.committedRows().filter { $0.value.owner == identity }.map(\.key.first))
                .sorted()
            {
                // What the vendor makes of a change whose node is gone is not covered: nothing is asked of it.
                removals.append(
                    Removal(kind: .endChange, document: document, node: index, requestedStep: -1)
                )
                let event = FeedEvent(subject: .document(document), serial: removals.count - 1)
                statements.append(.feed(event))
            }
            transaction.found = identity.number
            return proceed(index, session, transaction, statements + [.commit])
        }
        proceed(index, session, transaction, [.sweepLandings, .commit])
    }

    private mutating func recover(_ index: Int, _ session: Int, _ transaction: Transaction, _ replies: [Reply]) {
        for case .beat(let found) in replies {
            guard let found, found >= nodes[index].beat else {
                return loseIdentity(index, session, transaction)
            }
            if let unknown = nodes[index].unknown {
                nodes[index].unknown = nil
                let isCommitted = found >= unknown.beat && rules.has(.recovery)
                note("node \(index) finds beat \(found): beat \(unknown.beat) is \(isCommitted ? "" : "not ")committed")
                if isCommitted, unknown.kind != .poll {
                    confirm(index, unknown)
                } else {
                    giveBack(index, unknown)
                }
            }
            // Whether this beat is committed may stay unknown too: then it is read once more.
            nodes[index].isBeatUnsure = true
            proceed(index, session, transaction, [.commit])
        }
    }

    private mutating func finish(_ index: Int, _ transaction: Transaction, _ replies: [Reply]) {
        var transaction = transaction
        nodes[index].transaction = nil
        read(replies, into: &transaction)
        if !transaction.isApplied { confirm(index, transaction) }
    }

    private func read(_ replies: [Reply], into transaction: inout Transaction) {
        for reply in replies {
            switch reply {
            case .events(let events): transaction.events = events
            case .landings(let landings): transaction.landings = landings
            case .joined(let identity, let head): transaction.joined = (identity, head)
            default: break
            }
        }
    }

    /// The incarnation is over: the process takes another one, and what it has open comes to its end as late.
    private mutating func loseIdentity(_ index: Int, _ session: Int, _ transaction: Transaction) {
        note("node \(index) has lost \(nodes[index].identity.map { "\($0)" } ?? "nothing")")
        database.sessions[session].inbox = [.rollback]
        nodes[index].transaction = nil
        giveBack(index, transaction)
        if let unknown = nodes[index].unknown { giveBack(index, unknown) }
        nodes[index].unknown = nil
        if rules.endsWithoutSeat { nodes[index].lostSeat = nodes[index].identity }
        nodes[index].identity = nil
        // What became of those that were sent is not known. They get other identifiers, so that none is taken for the
        // reservation of the incarnation before.
        for number in nodes[index].queue.indices {
            if case .admit(var admission) = nodes[index].queue[number] {
                admission.id = nextID()
                nodes[index].queue[number] = .admit(admission)
            }
        }
    }
}
