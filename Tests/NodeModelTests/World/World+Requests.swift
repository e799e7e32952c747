/// Clients' requests on their way through a node, and its loop.
extension World {
    enum Outcome { case served(Answer), failed }

    /// A client asks. False when the node is not there, or has enough to do.
    mutating func request(_ index: Int, question: Int, key: Int, kind: Request.Kind) -> Bool {
        guard nodes[index].isAble, nodes[index].identity != nil else { return false }
        guard nodes[index].flights.count < 4, nodes[index].lookups.count < 6 else { return false }
        requests.append(
            Request(
                node: index,
                question: question,
                kind: kind,
                key: key,
                readStep: steps,
                readAt: database.now,
                seen: nodes[index].seen,
                joinedStep: nodes[index].joinedStep
            )
        )
        let request = requests.count - 1
        note("request \(request) with key \(key) asks node \(index) for \(question), \(kind)")
        if let isRevoked = nodes[index].keys[key] {
            accept(index, request, isRevoked: isRevoked)
        } else {
            lookUpKey(index, key, for: request)
        }
        return true
    }

    mutating func lookUpKey(_ index: Int, _ key: Int, for request: Int) {
        nodes[index].lookups.append(Lookup(subject: .key(key, request: request), stamp: nodes[index].stamp))
    }

    mutating func lookUp(_ index: Int, _ flight: LocalFlight) {
        nodes[index].lookups.append(
            Lookup(subject: .result(flight.question, flight: flight.serial), stamp: nodes[index].stamp)
        )
    }

    private mutating func accept(_ index: Int, _ number: Int, isRevoked: Bool) {
        let request = requests[number]
        let isStale = local(index) - nodes[index].lastPoll > Times.staleFor
        if isRevoked || isStale && rules.has(.staleFor) {
            requests[number].isOver = true
            return note("request \(number) is refused")
        }
        checkRevoked(index, request)
        if request.kind == .normal, let answer = nodes[index].memory[request.question] {
            counts.hits += 1
            return tell(number, .served(answer))
        }
        if request.kind != .noStore,
            let flight = nodes[index].flights.firstIndex(where: {
                $0.question == request.question && $0.isJoinable && $0.kind != .noStore
            })
        {
            nodes[index].flights[flight].requests.append(number)
            if case .following(let id) = nodes[index].flights[flight].state { requests[number].followed = id }
            return
        }
        lastFlight += 1
        let flight = LocalFlight(
            serial: lastFlight,
            question: request.question,
            kind: request.kind,
            requests: [number],
            isJoinable: request.kind != .noStore,
            stamp: nodes[index].stamp
        )
        nodes[index].flights.append(flight)
        if request.kind == .normal {
            lookUp(index, flight)
        } else {
            nodes[index].flights[nodes[index].flights.count - 1].state = .admitting
            queueAdmission(index, flight)
        }
    }

    mutating func queueAdmission(_ index: Int, _ flight: LocalFlight) {
        let admission = Operation.Admission(
            flight: flight.serial,
            question: flight.question,
            kind: flight.kind,
            key: requests[flight.requests[0]].key,
            id: nextID()
        )
        nodes[index].queue.append(.admit(admission))
    }

    /// Whether the numbers that a node had seen when it read the request are those of today. After a loss they are
    /// given again, and until the node has joined again its own may be others.
    private func hasSameNumbers(_ request: Request) -> Bool { lossStep < 0 || request.joinedStep > lossStep }

    private mutating func checkRevoked(_ index: Int, _ request: Request) {
        for revocation in revocations where revocation.key == request.key {
            guard let number = revocation.number else { continue }
            let isSeen =
                number <= nodes[index].seen && number <= request.seen && hasSameNumbers(request)
                || revocation.node == index && revocation.confirmedStep.map { $0 < request.readStep } ?? false
            let isLate = request.readAt - revocation.committedAt > Times.staleFor * 10 / 8
            if isSeen || isLate {
                violate(.revokedIsRefused, "node \(index) serves key \(request.key), revoked at number \(number)")
            }
        }
    }

    /// Ends a local flight, and answers all who wait for it.
    mutating func end(_ index: Int, _ serial: Int, _ outcome: Outcome) {
        guard let number = nodes[index].flight(serial) else { return }
        let flight = nodes[index].flights.remove(at: number)
        for request in flight.requests { tell(request, outcome) }
    }

    private mutating func tell(_ number: Int, _ outcome: Outcome) {
        let request = requests[number]
        requests[number].isOver = true
        switch outcome {
        case .failed: note("request \(number) is told of a failure")
        case .served(let answer):
            note("request \(number) is served with the answer of call \(answer.call)")
            checkServed(request, answer)
        }
    }

    private mutating func checkServed(_ request: Request, _ answer: Answer) {
        if answer.asked > lossStep {
            let row = database.ledger.committed(RowKey(answer.call))
            if row?.state != .settled, row?.state != .resolved {
                let state = row.map { "\($0.state)" } ?? "missing"
                violate(.i5, "the answer of call \(answer.call) is told, and its row is \(state)")
            }
        }
        let document = Places.document(of: request.question)
        for removal in removals where removal.document == document && removal.kind != .mark {
            guard let seen = removal.number, answer.asked < removal.requestedStep else { continue }
            let isAfter =
                seen <= request.seen && hasSameNumbers(request)
                || removal.node == request.node && removal.confirmedStep.map { $0 < request.readStep } ?? false
            if isAfter {
                let (asked, purged) = (answer.asked, removal.requestedStep)
                violate(
                    .purgedIsNotServed,
                    "call \(answer.call) of step \(asked) is served after the purge of step \(purged)"
                )
            }
        }
    }

    /// Lets the node's loop do one thing: read what the vendor said, or send what may be sent.
    mutating func moveLoop(_ index: Int, price: Int) -> Bool {
        guard nodes[index].isAble else { return false }
        if !nodes[index].arrivals.isEmpty {
            let (id, outcome) = nodes[index].arrivals.removeFirst()
            if let call = nodes[index].calls.first(where: { $0.id == id }) { arrive(index, call, outcome) }
            return true
        }
        guard let number = nodes[index].calls.firstIndex(where: { $0.state == .unsent }) else { return false }
        let call = nodes[index].calls[number]
        let isRecent =
            local(index) - nodes[index].lastSent < Times.sendWithin && call.owner == nodes[index].identity
        if isRecent || !rules.has(.sendRule) {
            nodes[index].calls[number].state = .sent
            send(index, call, price: price)
            checkFollowers(index, call)
        } else {
            note("node \(index) does not send \(call.id): too late")
            nodes[index].calls[number].state = .ending
            nodes[index].queue.append(.end(Operation.Ending(call: call, outcome: .failed, answer: nil)))
        }
        return true
    }

    private mutating func arrive(_ index: Int, _ call: OpenCall, _ outcome: CallOutcome) {
        guard let number = nodes[index].calls.firstIndex(where: { $0.id == call.id }),
            nodes[index].calls[number].state == .sent
        else { return }
        nodes[index].calls[number].state = .ending
        var answer: Answer?
        if case .answered = outcome {
            answer = Answer(call: call.id, asked: calls.first { $0.id == call.id }?.sentStep ?? 0)
        }
        nodes[index].queue.append(.end(Operation.Ending(call: call, outcome: outcome, answer: answer)))
    }

    /// N9: nobody who has followed a flight to its end asks the vendor again.
    private mutating func checkFollowers(_ index: Int, _ call: OpenCall) {
        guard let number = nodes[index].flight(call.flight) else { return }
        for request in nodes[index].flights[number].requests {
            guard let followed = requests[request].followed, lossStep < 0 else { continue }
            // A request that comes for the outcome when it is no longer kept has to ask.
            guard let ended = sums.ended[followed], database.now < ended + Times.landingKept else { continue }
            violate(.followersGetOutcome, "request \(request) followed \(followed), and call \(call.id) is made for it")
        }
    }

    /// Moves a read on the other connection: it reads in one step, and comes back in another.
    mutating func moveLookup(_ index: Int, _ choice: Int) -> Bool {
        guard nodes[index].isRunning, !nodes[index].lookups.isEmpty else { return false }
        let number = choice % nodes[index].lookups.count
        let lookup = nodes[index].lookups[number]
        guard let value = lookup.value else {
            guard !nodes[index].isCutOff else { return false }
            switch lookup.subject {
            case .key(let key, _):
                let isRevoked = database.keys.committed(RowKey(key)) ?? true
                nodes[index].lookups[number].value = .key(isRevoked: isRevoked)
            case .result(let question, _):
                nodes[index].lookups[number].value = .result(database.results.committed(RowKey(question)))
            }
            return true
        }
        guard !nodes[index].isPaused else { return false }
        nodes[index].lookups.remove(at: number)
        switch (lookup.subject, value) {
        case (.key(let key, let request), .key(let isRevoked)):
            if rules.has(.stamps), nodes[index].hasHeard(of: .key(key), since: lookup.stamp) {
                lookUpKey(index, key, for: request)
            } else {
                nodes[index].keys[key] = isRevoked
                accept(index, request, isRevoked: isRevoked)
            }
        case (.result(let question, let serial), .result(let answer)):
            guard let flight = nodes[index].flight(serial), nodes[index].flights[flight].state == .looking else {
                return true
            }
            let subject = FeedEvent.Subject.document(Places.document(of: question))
            let isPast = rules.has(.stamps) && nodes[index].hasHeard(of: subject, since: lookup.stamp)
            if let answer, !isPast {
                counts.hits += 1
                keep(index, answer, of: question, stamp: lookup.stamp, isStored: true)
                end(index, serial, .served(answer))
            } else {
                nodes[index].flights[flight].state = .admitting
                queueAdmission(index, nodes[index].flights[flight])
            }
        default: break
        }
        return true
    }
}
