/// A call as the vendor sees it.
struct VendorCall {
    let id: Int
    let owner: Identity
    let node: Int
    let process: Int
    let question: Int
    let isAlone: Bool
    let sentStep: Int
    /// What it costs once the vendor works on it.
    let price: Int
    var charged = 0
    var hasArrived = false
    /// The node has its outcome, or has given it up.
    var isOver = false
}

/// The vendor: charges when a call arrives, and answers later, fails free of charge, or is never heard of again.
extension World {
    mutating func send(_ index: Int, _ call: OpenCall, price: Int) {
        let id = call.id
        let row = database.ledger.committed(RowKey(id))
        if call.owner.number >= 0, lossStep < 0 || (sums.claimed[id] ?? 0) > lossStep {
            if row == nil {
                violate(.i2, "call \(id) of node \(index) is sent, and has no reservation")
            } else if row?.state != .reserved {
                violate(.sendUnderLease, "call \(id) of node \(index) is sent, and its row is \(row!.state)")
            }
        }
        let isAlone = call.kind == .noStore
        if !isAlone { checkAlone(id, call.question) }
        let claimed = sums.claimed[id] ?? 0
        let document = Places.document(of: call.question)
        let isPurged = sums.detached.contains { $0.document == document && $0.step > claimed }
        if call.kind == .normal, lossStep < 0, !isPurged,
            let answer = database.results.committed(RowKey(call.question))
        {
            violate(.storedIsNotAsked, "call \(id) asks what call \(answer.call) has answered")
        }
        calls.append(
            VendorCall(
                id: id,
                owner: call.owner,
                node: index,
                process: nodes[index].process,
                question: call.question,
                isAlone: isAlone,
                sentStep: steps,
                price: price
            )
        )
        counts.calls += 1
        note("node \(index) sends call \(id) for question \(call.question)")
    }

    /// One call per question at a time. Exceptions: `no-store`, a purge between, a node declared dead, a loss of
    /// commits.
    private mutating func checkAlone(_ id: Int, _ question: Int) {
        let document = Places.document(of: question)
        let claimed = sums.claimed[id] ?? 0
        for other in calls where other.question == question && !other.isOver && !other.isAlone {
            let before = sums.claimed[other.id] ?? 0
            if let node = database.nodes.committed(RowKey(other.owner.number)),
                !node.isLive || node.incarnation != other.owner.incarnation
            {
                continue
            }
            if min(before, claimed) <= lossStep { continue }
            let isPurged = sums.detached.contains {
                $0.document == document && $0.step > min(before, claimed) && $0.step < max(before, claimed)
            }
            if isPurged { continue }
            violate(.oneCall, "calls \(other.id) and \(id) for question \(question)")
        }
    }

    /// Lets the vendor do something with one of its calls. False when there is none.
    mutating func moveVendor(_ choice: Int) -> Bool {
        let open = calls.indices.filter { !calls[$0].isOver }
        guard !open.isEmpty else { return false }
        let index = open[choice % open.count]
        let action = choice / open.count % 8
        if !calls[index].hasArrived, action < 7 {
            switch action {
            case 0:
                note("the vendor fails call \(calls[index].id), free of charge")
                finish(index, .failed)
            default:
                calls[index].hasArrived = true
                calls[index].charged = calls[index].price
                note("the vendor charges \(calls[index].price) for call \(calls[index].id)")
            }
        } else if action == 7 {
            note("call \(calls[index].id) is lost")
            finish(index, .unknown)
        } else {
            note("the vendor answers call \(calls[index].id)")
            finish(index, .answered(credits: calls[index].charged))
        }
        return true
    }

    private mutating func finish(_ index: Int, _ outcome: CallOutcome) {
        calls[index].isOver = true
        let call = calls[index]
        guard nodes[call.node].isRunning, nodes[call.node].process == call.process else { return }
        nodes[call.node].arrivals.append((call.id, outcome))
    }
}
