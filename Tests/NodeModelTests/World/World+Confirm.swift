/// What follows when COMMIT is confirmed: only then is anybody told.
extension World {
    mutating func confirm(_ index: Int, _ transaction: Transaction) {
        if ![.joining, .late].contains(transaction.kind), transaction.kind != .sweep || !rules.has(.sweepAlone),
            transaction.kind != .poll || rules.has(.pollBeats)
        {
            nodes[index].beat = max(nodes[index].beat, transaction.beat)
            nodes[index].isBeatUnsure = false
            nodes[index].lastSent = max(nodes[index].lastSent, transaction.sentAt)
        }
        switch transaction.kind {
        case .joining: join(index, transaction)
        case .poll: poll(index, transaction)
        case .batch, .late: confirmBatch(index, transaction)
        case .purge:
            if case .remove(let removal) = transaction.operations[0] { confirm(index, removal) }
        case .sweep, .recovery: break
        }
    }

    private mutating func join(_ index: Int, _ transaction: Transaction) {
        guard let (identity, head) = transaction.joined else { return }
        nodes[index].identity = identity
        nodes[index].beat = 0
        nodes[index].greatestBeat = 0
        nodes[index].isBeatUnsure = false
        nodes[index].lastSent = transaction.sentAt
        nodes[index].lastPoll = transaction.sentAt
        nodes[index].joinedAt = head
        nodes[index].joinedStep = steps
        nodes[index].seen = head
        nodes[index].events = []
        // What was asked before is as old as can be: what happened since the last poll will not be heard of.
        nodes[index].noted.append(.document(-1))
        nodes[index].firstStamp = nodes[index].stamp
        for flight in nodes[index].flights.indices { nodes[index].flights[flight].isJoinable = false }
        nodes[index].lookups = []
        if rules.has(.emptyMemory) {
            nodes[index].memory = [:]
            nodes[index].keys = [:]
        }
        for flight in nodes[index].flights where flight.state == .looking { lookUp(index, flight) }
        for request in requests.indices where requests[request].node == index && !requests[request].isOver {
            if !nodes[index].flights.contains(where: { $0.requests.contains(request) }) {
                lookUpKey(index, requests[request].key, for: request)
            }
        }
        note("node \(index) joins as \(identity) at number \(head)")
    }

    private mutating func poll(_ index: Int, _ transaction: Transaction) {
        nodes[index].lastPoll = transaction.sentAt
        for (number, event) in transaction.events where number > nodes[index].seen {
            nodes[index].seen = number
            nodes[index].events.append((number, event))
            nodes[index].forget(event.subject)
            note("node \(index) sees number \(number): \(event.subject)")
        }
        for row in database.feed.committedRows() {
            let number = row.key.first
            guard number <= nodes[index].seen, number > nodes[index].joinedAt else { continue }
            if !nodes[index].events.contains(where: { $0.number == number && $0.event == row.value }) {
                violate(.feedHasNoGap, "node \(index) has seen \(nodes[index].seen) and not \(number)")
            }
        }
        for (id, landing, isFlying) in transaction.landings {
            guard let number = nodes[index].flights.firstIndex(where: { $0.state == .following(id) }) else { continue }
            let flight = nodes[index].flights[number]
            switch landing?.outcome {
            case .answered(let answer, let isStored):
                keep(index, answer, of: flight.question, stamp: flight.stamp, isStored: isStored)
                end(index, flight.serial, .served(answer))
            case .failed: end(index, flight.serial, .failed)
            case .lost:
                for request in flight.requests { requests[request].followed = nil }
                leadAgain(index, number)
            case nil: if !isFlying, rules.has(.claimAgain) { leadAgain(index, number) }
            }
        }
    }

    /// The flight that was followed has ended without an outcome for others: these requests ask once more.
    private mutating func leadAgain(_ index: Int, _ number: Int) {
        nodes[index].flights[number].state = .admitting
        queueAdmission(index, nodes[index].flights[number])
    }

    /// Keeps an answer in memory, unless it was asked for before something that concerns it.
    mutating func keep(_ index: Int, _ answer: Answer, of question: Int, stamp: Int, isStored: Bool) {
        let subject = FeedEvent.Subject.document(Places.document(of: question))
        guard isStored, !rules.has(.stamps) || !nodes[index].hasHeard(of: subject, since: stamp) else { return }
        nodes[index].memory[question] = answer
    }

    private mutating func confirmBatch(_ index: Int, _ transaction: Transaction) {
        for (admission, outcome) in transaction.admissions { confirm(index, admission, outcome) }
        for (ending, isStored) in transaction.endings {
            nodes[index].calls.removeAll { $0.id == ending.call.id }
            note("node \(index) has ended \(ending.call.id)\(isStored ? ", stored" : "")")
            guard let number = nodes[index].flight(ending.call.flight) else { continue }
            let flight = nodes[index].flights[number]
            if let answer = ending.answer {
                keep(index, answer, of: flight.question, stamp: flight.stamp, isStored: isStored)
                end(index, flight.serial, .served(answer))
            } else {
                end(index, flight.serial, .failed)
            }
        }
        for operation in transaction.operations {
            guard case .register(let event) = operation else { continue }
            switch event.subject {
            case .key(let key):
                nodes[index].forget(event.subject)
                nodes[index].keys[key] = true
                if let number = revocations.firstIndex(where: { $0.serial == event.serial }) {
                    revocations[number].confirmedStep = steps
                }
            case .upstreamKey(let key): nodes[index].quarantined.insert(key)
            case .document: break
            }
        }
    }

    private mutating func confirm(_ index: Int, _ admission: Operation.Admission, _ outcome: AdmissionOutcome) {
        guard let number = nodes[index].flight(admission.flight) else {
            if case .admitted(let call) = outcome { nodes[index].calls.append(call) }
            return
        }
        let flight = nodes[index].flights[number]
        switch outcome {
        case .admitted(let call):
            nodes[index].calls.append(call)
            nodes[index].flights[number].state = .calling(call.id)
            note("node \(index) may ask for \(call.question), reservation \(call.id)")
        case .denied:
            counts.denied += 1
            handOn(index, number)
        case .found(let answer):
            keep(index, answer, of: flight.question, stamp: flight.stamp, isStored: true)
            end(index, flight.serial, .served(answer))
        case .follows(let id):
            counts.follows += 1
            note("node \(index) follows \(id)")
            nodes[index].flights[number].state = .following(id)
            for request in flight.requests { requests[request].followed = id }
        case .again:
            if rules.has(.claimAgain) {
                queueAdmission(index, flight)
            } else {
                nodes[index].flights[number].state = .following(0)
            }
        }
    }

    /// The leader may not spend; the next request tries in its turn.
    private mutating func handOn(_ index: Int, _ number: Int) {
        let request = nodes[index].flights[number].requests.removeFirst()
        requests[request].isOver = true
        note("request \(request) is denied")
        if nodes[index].flights[number].requests.isEmpty {
            nodes[index].flights.remove(at: number)
        } else {
            queueAdmission(index, nodes[index].flights[number])
        }
    }

    private mutating func confirm(_ index: Int, _ removal: Operation.Removal) {
        if removal.kind == .mark {
            // The purge that begins the change comes next.
            nodes[index].queue.append(
                .remove(
                    Operation.Removal(
                        kind: .beginChange,
                        document: removal.document,
                        serial: removal.serial,
                        change: removal.change
                    )
                )
            )
            return
        }
        nodes[index].forget(.document(removal.document))
        removals[removal.serial].confirmedStep = steps
        note("node \(index) has purged document \(removal.document) (\(removal.kind))")
        guard removal.kind != .purge, changes.indices.contains(removal.change) else { return }
        changes[removal.change].state = removal.kind == .beginChange ? .forwarded : .ended
    }
}
