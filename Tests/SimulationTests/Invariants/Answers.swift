import Budgeting
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// I5 and I6: what clients and operators are told is on disk, and only who led pays. And what a purge must make of
/// answers.
extension World {
    /// What a purge, or a change of a document, has concerned.
    struct Purge {
        let document: Int
        /// Nothing that was asked until this step is found from then on.
        let recorded: Int
        /// Who asks after this step knows of it.
        var told: Int?
    }

    /// The answer to a request of a flight.
    ///
    /// - Parameter reservation: under which the vendor was asked; nil when it was not.
    func check(_ answer: FlightAsker.Answer, to asker: Asker, isFollower: Bool, _ reservation: ReservationID?) {
        switch answer {
        case .reply(let reply, let charged, _):
            check(charged, reply.credits ?? .zero, to: asker, isFollower: isFollower, reservation)
        case .substitute(_, _, let charged):
            check(charged, charged, to: asker, isFollower: isFollower, reservation)
        case .failed(_, let charged): check(charged, charged, to: asker, isFollower: isFollower, reservation)
        case .denied(let denial): checkConcerned(denial, asker)
        case .hit, .askVendor, .storeFailed, .draining: break
        }
    }

    /// Nobody is refused by another team's budget, or another key's.
    private func checkConcerned(_ denial: Denial, _ asker: Asker) {
        let isOwn =
            switch denial.scope {
            case .organization, .upstreamKey: true
            case .team(let team): team == Places.teams[asker.team].id
            case .key(let key): key == Places.keys[asker.key].id
            }
        if !isOwn { violate(.roomIsGiven, "asker \(asker.number) is refused by the budget of \(denial.scope)") }
    }

    private func check(
        _ charged: MicroCredits,
        _ cost: MicroCredits,
        to asker: Asker,
        isFollower: Bool,
        _ reservation: ReservationID?
    ) {
        if isFollower, charged > .zero || asker.reservations > 0 {
            violate(.i6, "asker \(asker.number) follows, and pays \(charged) for \(asker.reservations) reservations")
        }
        guard cost > .zero else { return }
        guard let reservation else { return violate(.i6, "asker \(asker.number) pays \(charged) for no call") }
        if charged > .zero, !paid.insert(reservation).inserted {
            violate(.i6, "\(reservation.rawValue) is paid for by two requests")
        }
        let row = disk.durable[reservation]
        guard row?.state == .settled, row?.credits == Int(cost.micros) else {
            return violate(
                .i5,
                "asker \(asker.number) is told of \(cost), and \(reservation.rawValue) is \(row as Any) on disk"
            )
        }
        acknowledged[reservation] = .settled
    }

    // MARK: Purges

    func note(purgeOf document: Int, told: Bool) {
        purges.append(Purge(document: document, recorded: steps, told: told ? steps : nil))
    }

    /// The vendor's answers begin with the number of their call.
    func checkPurges(_ body: [UInt8], to asker: Asker) {
        guard body.starts(with: Array(#"{"n":"#.utf8)) else { return }
        let digits = body.dropFirst(5).prefix { $0 >= 0x30 && $0 <= 0x39 }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        let asked = callSteps[number]
        for purge in purges where purge.document == documentIndex(asker) && asked < purge.recorded {
            guard let told = purge.told, told < asker.askedStep else { continue }
            violate(.purged, "asker \(asker.number) is answered by call \(number), which was asked before a purge")
        }
    }

    // MARK: Operators

    /// After a start: what operators were told is still there.
    func checkAcknowledged() {
        for (id, state) in acknowledged {
            let now = disk.durable[id]?.state
            if now != state { violate(.i5, "reservation \(id.rawValue) was \(state), and is \(now as Any)") }
        }
        for id in acknowledgedGrants where !disk.durableGrants.contains(id) {
            violate(.i5, "grant \(id) is gone")
        }
    }
}
