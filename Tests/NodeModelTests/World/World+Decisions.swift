/// What the scheduler can do with the world.
extension World {
    /// Carries a decision out. Returns whether it could be.
    @discardableResult
    mutating func carryOut(_ decision: Decision) -> Bool {
        let isDone = perform(decision)
        if isDone { count() }
        return isDone
    }

    private mutating func perform(_ decision: Decision) -> Bool {
        let (index, choice) = (decision.node, decision.choice)
        switch decision.kind {
        case .turn:
            let hasMoved = moveStoreThread(index, choice / 16)
            guard let session = nodes[index].session else { return hasMoved }
            return moveServer(session, statements: 1 + choice % 16) || hasMoved
        case .store: return moveStoreThread(index, choice)
        case .server:
            guard let session = nodes[index].session else { return false }
            return moveServer(session, statements: 1 + choice % 4)
        case .orphan: return moveOrphan(choice)
        case .loop: return moveLoop(index, price: choice % 4)
        case .lookup: return moveLookup(index, choice)
        case .request:
            let kind: Request.Kind = choice % 16 == 0 ? .noStore : choice % 16 == 1 ? .noCache : .normal
            // Half of them ask the same.
            let question = choice / 16 % 2 == 0 ? 0 : choice / 32 % Places.questions
            return request(index, question: question, key: choice / 256 % Places.keys, kind: kind)
        case .vendor: return moveVendor(choice)
        case .advance: return advance(choice)
        case .pause, .resume, .crash, .restart, .cut, .heal, .endBackend, .restartDatabase, .failOver:
            return carryOutFault(decision)
        case .purge: return purge(index, document: choice % Places.documents)
        case .change: return change(index, document: choice % Places.documents)
        case .answerChange: return answerChange(choice)
        case .revoke:
            // The first key stays, so that there is something to do.
            return register(index, .key(1 + choice % (Places.keys - 1)))
        case .quarantine: return register(index, .upstreamKey(0))
        case .resolve: return resolve(index, choice)
        case .reload:
            guard nodes[index].isAble else { return false }
            // Often just above what is used, sometimes below it.
            let day = database.now / 86_400_000
            let team = max(sums.exposure(of: 1, day: day), sums.exposure(of: 2, day: day))
            nodes[index].limits = Limits(
                organization: sums.exposure(of: Places.organization, day: nil) + choice % 16 - 1,
                team: team + choice / 16 % 16 - 1
            )
            return true
        }
    }

    @discardableResult
    mutating func moveServer(_ session: Int, statements: Int) -> Bool {
        var hasMoved = false
        for _ in 0..<statements {
            if hasMoved { count() }
            switch database.run(session) {
            case .nothing: return hasMoved
            case .waits: return hasMoved
            case .failed(let failure):
                note("session \(session) fails: \(failure.rawValue)")
                counts.conflicts += 1
                if failure == .deadlock { violate(.noDeadlock, "session \(session) is part of a circle") }
                return true
            case .ran: hasMoved = true
            case .committed(let commit):
                note(
                    "session \(session) commits \(commit.number), a \(commit.writer.kind) of node \(commit.writer.node)"
                )
                check(commit)
                return true
            }
        }
        return hasMoved
    }

    /// A session whose node is gone runs on with what it was sent, or notices.
    private mutating func moveOrphan(_ choice: Int) -> Bool {
        let orphans = database.open.filter { database.sessions[$0].client == nil }
        guard !orphans.isEmpty else { return false }
        let session = orphans[choice % orphans.count]
        if choice / 16 % 8 == 0 || database.sessions[session].inbox.isEmpty {
            note("session \(session) notices that its client is gone")
            database.close(session)
            return true
        }
        return moveServer(session, statements: 1 + choice / 16 % 3)
    }

    private mutating func advance(_ choice: Int) -> Bool {
        let milliseconds =
            switch choice % 64 {
            case 0: 11_000
            case 1, 2: 7_000
            case 3...5: 2_500
            case 6...13: 600
            default: 20
            }
        pass(milliseconds)
        return true
    }

    mutating func pass(_ milliseconds: Int) {
        counts.timeouts += database.advance(by: milliseconds).count
        for session in database.open where database.sessions[session].isInTransaction {
            let idle = database.now - database.sessions[session].ranLastAt
            let waits = database.sessions[session].waitsSince > 0
            if !waits, idle > 2 * Times.idleTimeout { violate(.locksEnd, "session \(session) is idle for \(idle) ms") }
        }
    }

    private mutating func purge(_ index: Int, document: Int) -> Bool {
        guard nodes[index].isAble, nodes[index].queue.count < 8 else { return false }
        let serial = nextRemoval(.purge, document, index)
        note("node \(index) is to purge document \(document)")
        nodes[index].queue.append(
            .remove(Operation.Removal(kind: .purge, document: document, serial: serial, change: -1))
        )
        return true
    }

    private mutating func change(_ index: Int, document: Int) -> Bool {
        guard nodes[index].isAble, nodes[index].queue.count < 8 else { return false }
        guard !changes.contains(where: { $0.state != .ended && $0.node == index }) else { return false }
        let serial = nextRemoval(.beginChange, document, index)
        changes.append(
            Change(document: document, node: index, process: nodes[index].process, begin: serial)
        )
        note("node \(index) is to forward a change of document \(document)")
        let kind: Operation.Removal.Kind = rules.has(.markerFirst) ? .mark : .beginChange
        nodes[index].queue.append(
            .remove(
                Operation.Removal(kind: kind, document: document, serial: serial, change: changes.count - 1)
            )
        )
        return true
    }

    /// The vendor answers a change. Its client is answered when the end of the change is durable.
    mutating func answerChange(_ choice: Int) -> Bool {
        let open = changes.indices.filter { changes[$0].state == .forwarded && nodes[changes[$0].node].isAble }
        guard !open.isEmpty else { return false }
        let number = open[choice % open.count]
        let change = changes[number]
        changes[number].state = .ending
        let serial = nextRemoval(.endChange, change.document, change.node)
        note("the vendor answers the change of document \(change.document)")
        nodes[change.node].queue.append(
            .remove(
                Operation.Removal(kind: .endChange, document: change.document, serial: serial, change: number)
            )
        )
        return true
    }

    private mutating func register(_ index: Int, _ subject: FeedEvent.Subject) -> Bool {
        guard nodes[index].isAble, nodes[index].queue.count < 8 else { return false }
        lastFlight += 1
        if case .key(let key) = subject {
            guard !revocations.contains(where: { $0.key == key }) else { return false }
            revocations.append(Revocation(key: key, node: index, serial: lastFlight))
        }
        nodes[index].queue.append(.register(FeedEvent(subject: subject, serial: lastFlight)))
        return true
    }

    /// An operator looks up at the vendor what an unconfirmed call has cost, once it is over there.
    private mutating func resolve(_ index: Int, _ choice: Int) -> Bool {
        guard nodes[index].isAble, nodes[index].queue.count < 8 else { return false }
        let rows = database.ledger.committedRows().filter { $0.value.state == .unconfirmed }
        guard !rows.isEmpty else { return false }
        let id = rows[choice % rows.count].key.first
        guard let call = calls.first(where: { $0.id == id }), call.isOver else { return false }
        nodes[index].queue.append(.resolve(id, credits: call.charged))
        return true
    }
}
