/// What goes wrong.
extension World {
    mutating func carryOutFault(_ decision: Decision) -> Bool {
        let (index, choice) = (decision.node, decision.choice)
        switch decision.kind {
        case .pause:
            guard nodes[index].isAble else { return false }
            nodes[index].isPaused = true
            note("node \(index) is stopped")
        case .resume:
            guard nodes[index].isPaused else { return false }
            nodes[index].isPaused = false
            note("node \(index) goes on")
        case .crash:
            guard nodes[index].isRunning else { return false }
            crash(index)
        case .restart:
            guard !nodes[index].isRunning else { return false }
            nodes[index].isRunning = true
            note("node \(index) starts")
        case .cut: return cut(index, choice)
        case .heal:
            guard nodes[index].isCutOff else { return false }
            nodes[index].isCutOff = false
            note("node \(index) reaches the database again")
        case .endBackend:
            guard let session = nodes[index].session, !database.sessions[session].isClosed else { return false }
            note("the backend of session \(session) ends")
            database.close(session)
        case .restartDatabase:
            note("the database restarts")
            for session in database.open { database.close(session) }
        case .failOver: failOver(losing: choice % 6)
        default: preconditionFailure("\(decision) is no fault")
        }
        return true
    }

    mutating func crash(_ index: Int) {
        note("node \(index) crashes")
        if let session = nodes[index].session { database.sessions[session].client = nil }
        for request in requests.indices where requests[request].node == index { requests[request].isOver = true }
        for change in changes.indices where changes[change].node == index { changes[change].state = .ended }
        var node = Node()
        node.isRunning = false
        node.isCutOff = nodes[index].isCutOff
        node.rate = nodes[index].rate
        node.process = nodes[index].process + 1
        node.limits = nodes[index].limits
        nodes[index] = node
    }

    /// The connection breaks for the node. What it has sent is all there, or a part of it, or arrives later.
    private mutating func cut(_ index: Int, _ choice: Int) -> Bool {
        guard let session = nodes[index].session else { return false }
        let count = database.sessions[session].inbox.count
        if choice % 3 == 0, count > 0 {
            // The rest never arrives.
            database.sessions[session].inbox.removeLast(1 + choice / 8 % count)
        }
        nodes[index].isCutOff = choice / 4 % 2 == 0
        note("node \(index) loses its connection\(nodes[index].isCutOff ? ", and cannot connect" : "")")
        loseConnection(index)
        return true
    }

    private mutating func failOver(losing lost: Int) {
        note("a standby takes over, and \(lost) commits are lost")
        counts.losses += 1
        database.fail(overLosing: lost)
        lossStep = steps
        let last = database.commits
        for number in removals.indices where (removals[number].commit ?? 0) > last {
            removals[number].number = nil
            removals[number].commit = nil
            removals[number].committedStep = nil
        }
        for number in revocations.indices where (revocations[number].commit ?? 0) > last {
            revocations[number].number = nil
            revocations[number].commit = nil
            revocations[number].confirmedStep = nil
        }
        rebuildSums()
    }

    private mutating func rebuildSums() {
        sums.ofLedger = [:]
        sums.ofBalances = [:]
        sums.exposure = [:]
        for row in database.ledger.committedRows() { sums.add(row.value, isAdded: true) }
        for row in database.balances.committedRows() {
            sums.ofBalances[Sums.Place(scope: row.key.first, day: row.key.second), default: Amounts()] += row.value
        }
    }

    /// The faults cease, and everything has a fair turn: then nothing may be left.
    mutating func calmDown() {
        note("the faults cease")
        for index in nodes.indices {
            nodes[index].isRunning = true
            nodes[index].isPaused = false
            nodes[index].isCutOff = false
        }
        for round in 0..<600 where violation == nil {
            for index in nodes.indices {
                _ = moveStoreThread(index, round)
                if let session = nodes[index].session {
                    for _ in 0..<24 where violation == nil { if !moveServer(session, statements: 1) { break } }
                }
                for _ in 0..<4 { _ = moveLoop(index, price: 1) }
                for number in 0..<4 { _ = moveLookup(index, number) }
                count()
            }
            for session in database.open where database.sessions[session].client == nil { database.close(session) }
            _ = moveVendor(round % 3 * 2 + 1)
            _ = answerChange(0)
            if round % 4 == 3 { pass(round > 300 ? 2_500 : 300) }
            if round % 20 == 19, isQuiet { return }
        }
        guard violation == nil else { return }
        violate(.quiescence, "left: \(leftovers)")
    }

    private var isQuiet: Bool { leftovers.isEmpty }

    private var leftovers: [String] {
        var left: [String] = []
        let open = requests.indices.filter { !requests[$0].isOver }
        if !open.isEmpty { left.append("requests \(open)") }
        for index in nodes.indices where !nodes[index].queue.isEmpty || !nodes[index].calls.isEmpty {
            left.append("node \(index) has \(nodes[index].queue.count) to do and calls \(nodes[index].calls.map(\.id))")
        }
        let reserved = database.ledger.committedRows().filter { $0.value.state == .reserved }.map(\.key.first)
        if !reserved.isEmpty { left.append("reserved \(reserved)") }
        if !database.flights.isEmpty { left.append("flights \(database.flights.committedRows().map(\.key))") }
        if !database.claims.isEmpty { left.append("claims \(database.claims.committedRows().map(\.key))") }
        if !database.markers.isEmpty { left.append("markers \(database.markers.committedRows().map(\.key))") }
        if !database.landings.isEmpty { left.append("landings \(database.landings.committedRows().map(\.key))") }
        return left
    }
}
