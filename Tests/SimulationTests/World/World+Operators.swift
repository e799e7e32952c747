import Authentication
import Budgeting
import Caching
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// A request that changes a document, as `Passage` leads it.
final class Change {
    let document: Int
    let change: DocumentChange
    /// Nil while the store is asked.
    var begun: Bool?
    var isForwarded = false
    var isAnswered = false

    init(_ document: Int, _ rooms: SharedRooms) {
        self.document = document
        change = DocumentChange(of: [Places.documents[document]], rooms: rooms)
    }
}

/// Sendable because everything of a run is on one thread.
extension Change: @unchecked Sendable {}

/// What operators do, and requests that are passed through.
extension World {
    // MARK: Purges and changes

    func purge() -> Bool {
        guard let process else { return false }
        let asker = draw(Places.questions.count)
        let document = Places.questions[asker].document
        counts.purges += 1
        note("document \(document) is to be purged")
        process.rooms.purge(
            .document(Places.documents[document]),
            in: process.store,
            audit: 0,
            then: { [self] result in
                // Closed to new requests and out of memory by now; told by message.
                guard case .success = result else { return }
                let index = purges.count
                note(purgeOf: document, told: false)
                process.post("the answer to a purge", to: Process.operators) { [self] in purges[index].told = steps }
            }
        )
        return true
    }

    func change() -> Bool {
        guard let process, !process.isLeaving, process.changes.count < 3 else { return false }
        let change = Change(draw(Places.documents.count), process.rooms)
        counts.changes += 1
        note("document \(change.document) is to be changed")
        process.changes.append(change)
        change.change.begin { [self] result in
            let hasBegun = if case .success = result { true } else { false }
            if hasBegun { note(purgeOf: change.document, told: true) }
            process.post("the store's answer to a change", to: 0) { change.begun = hasBegun }
        }
        return true
    }

    /// A change is forwarded, answered, or at its end.
    func goOnWithChange(_ choice: Int) -> Bool {
        guard let process else { return false }
        let known = process.changes.filter { $0.begun != nil }
        guard !known.isEmpty else { return false }
        let change = known[choice % known.count]
        if change.begun == true, !change.isForwarded {
            note("the change of document \(change.document) goes to the vendor")
            change.isForwarded = true
            change.change.forwarded()
        } else if change.isForwarded, !change.isAnswered, !chance(1, in: 4) {
            note("the change of document \(change.document) is answered")
            change.isAnswered = true
            change.change.answered()
            note(purgeOf: change.document, told: true)
        } else {
            note("the change of document \(change.document) ends")
            change.change.end()
            if change.isForwarded { note(purgeOf: change.document, told: true) }
            process.changes.removeAll { $0 === change }
        }
        return true
    }

    // MARK: Grants

    func grant() -> Bool {
        guard let process else { return false }
        let team = Places.teams[draw(Places.teams.count)].id
        let window = BudgetWindow.allCases[draw(BudgetWindow.allCases.count)]
        let terms = GrantTerms(
            team: team,
            window: window,
            // A millionth less than a price, too: it must not do.
            credits: MicroCredits(micros: Int64(1 + draw(40)) * 1_000_000 - Int64(draw(2))),
            expiresAt: chance(1, in: 3) ? now.wall + .seconds(60 + draw(100_000)) : nil,
            reason: "",
            actor: ""
        )
        let grant = process.rooms.credits.makeGrant(terms, at: now.wall)
        checkNew(grant, terms)
        note("grant \(grant.id) of \(grant.credits) to \(team)'s \(window.rawValue)")
        process.store.add(grant) { [self] result in
            process.post("the store's answer to a grant", to: Process.operators) { [self] in
                guard case .success = result else { return }
                counts.grants += 1
                process.rooms.credits.add(grant, at: now.wall)
                tally.add(Tally.Grant(grant), at: now.wall)
                acknowledgedGrants.insert(grant.id)
            }
        }
        return true
    }

    /// A grant is for the period of its moment, by the tally's calendar.
    private func checkNew(_ grant: Grant, _ terms: GrantTerms) {
        let days = terms.window.dayNumbers(around: tally.today(at: now.wall))
        let end = days.map { tally.zone.start(ofDay: $0.upperBound) }
        let endsAt = [terms.expiresAt, end].compactMap(\.self).min()
        if Int(grant.start.number) != days?.lowerBound ?? 0 || grant.endsAt != endsAt {
            violate(.i8, "\(grant) is for another period than \(days as Any), until \(endsAt as Any)")
        }
    }

    func withdrawGrant(_ choice: Int) -> Bool {
        guard let process, !acknowledgedGrants.isEmpty else { return false }
        let ids = acknowledgedGrants.sorted()
        guard let grant = disk.grants[ids[choice % ids.count]] else { return false }
        acknowledgedGrants.remove(grant.id)
        note("grant \(grant.id) is to be withdrawn")
        process.store.removeGrant(grant.id) { [self] result in
            process.post("the store's answer to a withdrawal", to: Process.operators) { [self] in
                guard case .success = result else { return }
                counts.grantsWithdrawn += 1
                process.rooms.credits.removeGrant(grant.id, of: grant.team, at: now.wall)
                tally.grants.removeAll { $0.id == grant.id }
            }
        }
        return true
    }

    // MARK: Resolutions

    /// An operator states what an unconfirmed reservation has cost.
    func resolve(_ choice: Int) -> Bool {
        guard let process else { return false }
        let rows = disk.durable.filter { $0.value.state == .unconfirmed }.keys.sorted()
        guard !rows.isEmpty, let row = disk.rows[rows[choice % rows.count]] else { return false }
        let id = row.reservation.id
        let cost = chance(2, in: 3) ? charges[id] ?? 0 : draw(30) * 1_000_000
        let resolution = Resolution(of: row.reservation, credits: MicroCredits(micros: Int64(cost)), at: now.wall)
        let excess = max(cost - Int(row.reservation.estimate.micros), 0)
        note("reservation \(id.rawValue) is to be resolved at \(resolution.credits)")
        process.rooms.credits.hold(resolution)
        tally.holdResolution(id, excess)
        process.store.resolve(resolution) { [self] result in
            process.post("the store's answer to a resolution", to: Process.operators) { [self] in
                switch result {
                case .success(.done):
                    counts.resolved += 1
                    if tally.entries[id]?.isOpen == true { counts.resolvedBeforeBooked += 1 }
                    process.rooms.credits.resolve(resolution)
                    tally.resolve(id, excess, cost)
                    if acknowledged[id] != nil { violate(.i3, "reservation \(id.rawValue) is resolved twice") }
                    acknowledged[id] = .resolved
                case .success(.notUnconfirmed), .success(.missing), .failure:
                    if case .success = result { counts.resolvedTwice += 1 }
                    process.rooms.credits.withdraw(resolution)
                    tally.holdResolution(id, -excess)
                }
            }
        }
        return true
    }

    // MARK: Configuration

    func reload() -> Bool {
        guard let process else { return false }
        plan = draw(Places.plans.count)
        counts.reloads += 1
        note("configuration \(plan) is loaded")
        tally.plan = plan
        process.rooms.credits.replace(plan: Places.budgetPlan(plan), at: now.wall)
        return true
    }

    func rotate() -> Bool {
        guard let process else { return false }
        process.rotation += 1
        counts.rotations += 1
        note("the vendor's keys have other secrets")
        var keys = Places.upstreamKeys(rotation: process.rotation)
        // One is to be used no more; the others go on.
        if chance(1, in: 3) { keys[draw(2)].operatorState = .draining }
        for record in process.rooms.gate.replace(limits: Places.gateLimits, keys: keys, at: now) {
            process.store.save(record) { _ in }
        }
        return true
    }

    /// A team's key is revoked, or all are valid again.
    func revoke() -> Bool {
        guard let process else { return false }
        let isRevoked = process.directory.find(secretDigest: Places.keys[1].secretDigest, at: now.wall) == nil
        let gone = draw(Places.keys.count)
        note(isRevoked ? "all keys are valid" : "\(Places.keys[gone].id) is revoked")
        process.directory = TeamDirectory(
            teams: Places.teams,
            keys: isRevoked ? Places.keys : Places.keys.enumerated().filter { $0.offset != gone }.map(\.element)
        )
        return true
    }

    func enable() -> Bool {
        guard let process else { return false }
        let id = Places.upstreamKeyIDs[draw(Places.upstreamKeyIDs.count)]
        note("\(id) is declared good")
        guard let record = process.rooms.gate.enable(id, at: now) else { return false }
        process.store.save(record) { _ in }
        return true
    }

    // MARK: What is passed through

    /// A request that reserved nothing has cost something: it is booked whether it fits or not.
    func charge() -> Bool {
        guard let process, !process.isLeaving else { return false }
        let (key, upstreamKey) = (draw(Places.keys.count), draw(2))
        let team = Places.teams[Places.team(ofKey: key)]
        let question = Places.questions[draw(Places.questions.count)]
        let credits = MicroCredits(micros: Int64(1 + draw(8_000_000)))
        let ask = ReservationAsk(
            team: team.id,
            key: Places.keys[key].id,
            account: team.account,
            upstreamKey: Places.upstreamKeyIDs[team.account == Places.accounts[0] ? upstreamKey : 2],
            documentID: question.request.documentID,
            model: "POST /v1/extract",
            pages: nil,
            cacheKey: Places.cacheKey(0, key: key),
            requestID: "",
            isPricedByCall: true
        )
        counts.chargesWithout += 1
        let reservation = process.rooms.credits.charge(ask, credits, at: now.wall)
        note("\(credits) was charged for a request that reserved nothing: \(reservation.id.rawValue)")
        lastReservation = reservation.id
        tally.open(reservation, day: tally.today(at: now.wall))
        let keeper = Keeper(process, reservation, worker: draw(Process.workersCount), isCharge: true)
        keeper.end(.settled(credits), Lesson(rate: PageRate(credits: credits, pages: 1)), storing: nil) {
            [self] fault in
            guard fault == nil else { return }
            let row = disk.durable[reservation.id]
            if row?.state != .settled { violate(.i5, "\(reservation.id.rawValue) is \(row as Any) on disk") }
            acknowledged[reservation.id] = .settled
        }
        return true
    }

    // MARK: The disk

    func trouble() -> Bool {
        guard disk.condition == .works else { return false }
        disk.condition = chance(2, in: 3) ? .full : .silent
        note("the disk is \(disk.condition)")
        return true
    }
}

extension Tally.Grant {
    init(_ grant: Grant) {
        self.init(
            id: grant.id,
            team: grant.team,
            window: grant.window,
            start: Int(grant.start.number),
            credits: Int(grant.credits.micros),
            endsAt: grant.endsAt
        )
    }
}
