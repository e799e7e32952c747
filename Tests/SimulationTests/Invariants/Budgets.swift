import Vocabulary

@testable import Budgeting
@testable import Gateway

/// I1, I8 and L1 to L8: what is admitted fits, what is refused does not, and the books say what the tally says.
extension World {
    /// A reservation is held in memory; its row is not written yet.
    func admitted(_ reservation: Reservation) {
        counts.admitted += 1
        let id = reservation.id
        note("reservation \(id.rawValue) of \(reservation.estimate) for asker \(reservation.ask.requestID)")
        if let last = lastReservation, id <= last { violate(.i3, "\(id.rawValue) follows \(last.rawValue)") }
        lastReservation = id
        if let number = Int(reservation.ask.requestID) { process?.askers[number]?.reservations += 1 }
        let day = tally.today(at: now.wall)
        if Int(reservation.day.number) != day {
            violate(.i8, "reservation \(id.rawValue) is booked to day \(reservation.day.number), and it is day \(day)")
        }
        if let lastDay, lastDay != day { counts.daysPassed += 1 }
        lastDay = day
        tally.open(reservation, day: day)
        guard reservation.estimate > .zero else { return violate(.i1, "an estimate of \(reservation.estimate)") }
        let ask = reservation.ask
        for limit in limits(of: [.organization, .team(ask.team), .key(ask.key), .upstreamKey(ask.upstreamKey)]) {
            let left = tally.left(of: limit, at: now.wall)
            if left < 0 {
                violate(.i1, "\(limit.scope)'s \(limit.window.rawValue) has \(left) left after an admission")
            }
        }
    }

    func withdrawn(_ reservation: Reservation) {
        counts.withdrawn += 1
        tally.withdraw(reservation.id)
    }

    /// A reservation is held for another upstream key too.
    func moving(_ reservation: Reservation) {
        let ask = reservation.ask
        note("reservation \(reservation.id.rawValue) moves to \(ask.upstreamKey)")
        tally.move(reservation.id, to: ask.upstreamKey)
        for limit in limits(of: [.upstreamKey(ask.upstreamKey)]) {
            let window = limit.window.dayNumbers(around: Int(reservation.day.number))
            let used = tally.committed(Places.number(of: limit.scope), window)
            if used > limit.micros { violate(.i1, "\(limit.scope) has \(used) after a move") }
        }
    }

    private func limits(of scopes: [BudgetScope]) -> [Places.Limit] {
        Places.plans[tally.plan].limits.filter { $0.isEnforced && scopes.contains($0.scope) }
    }

    /// A refusal is right: the budget that it names had no room.
    func check(_ denial: Denial) {
        let limit = limits(of: [denial.scope]).first { $0.window == denial.window }
        guard let limit else { return violate(.roomIsGiven, "\(denial.scope) has no budget, and refuses") }
        let left = tally.left(of: limit, at: now.wall)
        if left >= Int(denial.estimate.micros) {
            violate(
                .roomIsGiven,
                "\(denial.scope)'s \(denial.window.rawValue) has \(left), and refuses \(denial.estimate)"
            )
        }
    }

    /// What a client is told to be left is the least that is left.
    func checkMeter(ofKey key: Int) {
        guard let process, violation == nil else { return }
        let team = Places.teams[Places.team(ofKey: key)].id
        let least = limits(of: [.organization, .team(team), .key(Places.keys[key].id)])
            .map { max(tally.left(of: $0, at: now.wall), 0) }.min()
        let shown = process.remaining(ofKey: key).map { Int($0.micros) }
        if shown != least { violate(.roomIsGiven, "\(shown ?? -1) is shown to be left, and it is \(least ?? -1)") }
    }

    /// The books of the process, of all scopes over all days, and of what this step has changed day by day.
    func checkBooks() {
        guard let process else { return }
        let credits = process.rooms.credits
        credits.state.withLock { state in
            for (number, scope) in Places.scopes.enumerated() {
                // A scope keeps its position as long as the process lives.
                let position = process.positions[number] ?? state.book.position(of: scope)
                process.positions[number] = position
                let balance = position.map { state.book.balances[$0].days.total } ?? Balance()
                if Amounts(balance) != tally.totals[number] {
                    violate(.i8, "\(scope) has \(Amounts(balance)); by the tally \(tally.totals[number])")
                }
            }
            for (number, day) in tally.touched where day >= tally.firstKept {
                guard let position = process.positions[number] else { continue }
                let first = BudgetDay(number: Int32(day))
                let balance = state.book.balances[position].days
                    .balance(over: first..<BudgetDay(number: Int32(day + 1)))
                let counted = tally.days[number][day] ?? Amounts()
                if Amounts(balance) != counted {
                    violate(
                        .i8,
                        "\(Places.scopes[number]) has \(Amounts(balance)) on day \(day); by the tally \(counted)"
                    )
                }
            }
        }
        tally.touched.removeAll(keepingCapacity: true)
        if credits.openCount != tally.openCount {
            violate(.i9, "\(credits.openCount) reservations are open; by the tally \(tally.openCount)")
        }
    }
}

extension Amounts {
    init(_ balance: Balance) {
        self.init(
            spent: Int(balance.spent),
            unconfirmed: Int(balance.unconfirmed),
            reserved: Int(balance.reserved)
        )
    }
}
