import Budgeting
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// I2, I3, I4 and I9: each call has its reservation, which ends once and as the vendor's answer says.
extension World {
    /// Before the first byte of a call.
    func checkSend(_ attempt: Attempt, with key: UpstreamKeyID) {
        let id = attempt.keeper.id
        let row = disk.durable[id]
        if row?.state != .reserved || row?.upstreamKey != key {
            violate(.i2, "reservation \(id.rawValue) is \(row.map { "\($0)" } ?? "not on disk"), and \(key) is sent")
        }
        if attempt.leader.hasFailedLookUp {
            violate(.i7, "asker \(attempt.leader.asker.number) goes to the vendor, and the store did not answer")
        }
        let asker = attempt.leader.asker
        guard attempt.leader.shares else { return }
        for other in calls where other.cacheKey == asker.cacheKey && other.shares && !other.isLost {
            let own = attempt.leader.flightStep
            let (first, second) = (min(other.flightStep, own), max(other.flightStep, own))
            let isPurged = purges.contains {
                $0.document == documentIndex(asker) && first <= $0.recorded && $0.recorded <= second
            }
            if !isPurged {
                violate(.oneCall, "call \(other.number) is under way for the question of asker \(asker.number)")
            }
        }
    }

    func documentIndex(_ asker: Asker) -> Int { Places.questions[asker.question].document }

    /// How a call ended is what its reservation ends as.
    func check(_ conclusion: FlightCourse.Conclusion, _ keeper: Keeper) {
        guard conclusion.ending != keeper.expected else { return }
        violate(.i3, "reservation \(keeper.id.rawValue) is to end as \(conclusion.ending), and not \(keeper.expected)")
    }

    /// An ending is durable, and the process was told to book it.
    func ended(_ ending: ReservationEnding, isBooked: Bool) {
        let id = ending.reservation.id
        note("reservation \(id.rawValue) has ended as \(ending.outcome)")
        counts.endings += 1
        if tally.end(id, ending.outcome) != isBooked {
            violate(.i3, "the ending of \(id.rawValue) \(isBooked ? "is booked again" : "is not booked")")
        }
        guard let row = disk.durable[id] else { return violate(.i5, "\(id.rawValue) has ended, and is not on disk") }
        let isRight =
            switch ending.outcome {
            case .settled(let credits): row.state == .settled && row.credits == Int(credits.micros)
            case .released: row.state == .released
            case .unconfirmed: row.state == .unconfirmed || row.state == .resolved
            }
        if !isRight { violate(.i3, "\(id.rawValue) has ended as \(ending.outcome), and is \(row) on disk") }
        checkCharged(id)
    }

    /// Whatever the vendor has charged is settled, or counts at its estimate until it is known.
    func checkCharged(_ id: ReservationID) {
        guard let charged = charges[id], charged > 0 else { return }
        guard let row = disk.durable[id] else {
            return violate(.i4, "\(charged) was charged for \(id.rawValue), without a row")
        }
        let isCounted =
            switch row.state {
            case .reserved, .unconfirmed, .resolved: true
            case .settled: row.credits >= charged
            case .released: false
            }
        if !isCounted { violate(.i4, "\(charged) was charged for \(id.rawValue), which is \(row)") }
    }

    /// After each step: nothing is held that nobody holds.
    func checkHolders() {
        guard let process else { return }
        let rooms = process.rooms
        let underWay = rooms.gate.load.underWay
        if underWay != process.passesOut {
            violate(.i9, "\(underWay) places at the vendor's gate are taken, by \(process.passesOut) calls")
        }
        if rooms.flights.flightsUnderWay != process.permits {
            violate(.i9, "\(rooms.flights.flightsUnderWay) flights are under way, with \(process.permits) leaders")
        }
    }

    /// When all is quiet: everything has ended, in memory and on disk.
    func checkQuiet() {
        guard violation == nil, let process else { return }
        let rooms = process.rooms
        let outstanding = rooms.credits.outstanding
        if rooms.credits.openCount > 0 || outstanding.reserved > .zero {
            violate(.i9, "\(rooms.credits.openCount) reservations are open, \(outstanding.reserved) reserved")
        }
        for row in disk.rows.values where row.state == .reserved {
            violate(.i9, "reservation \(row.reservation.id.rawValue) is open on disk")
        }
        let load = rooms.gate.load
        let waiting = rooms.gate.status(at: now).reduce(0) { $0 + $1.waiting }
        if load.underWay > 0 || waiting > 0 { violate(.i9, "\(load.underWay) calls are out, \(waiting) wait") }
        if rooms.flights.flightsUnderWay > 0 || rooms.flights.followersWaiting > 0 {
            violate(
                .i9,
                "\(rooms.flights.flightsUnderWay) flights, \(rooms.flights.followersWaiting) followers are left"
            )
        }
        if !process.askers.isEmpty { violate(.oneAnswer, "\(process.askers.count) clients wait for ever") }
        let places = (0...Places.placesOfB).map { _ in rooms.throttles.find(Places.teams[1]).takePlace() }
        let free = places.count { $0 != nil }
        if free != Places.placesOfB { violate(.i9, "team b has \(free) places left") }
        for id in charges.keys.sorted() { checkCharged(id) }
        for (id, row) in disk.durable where row.state == .unconfirmed || row.state == .settled {
            if acknowledged[id].map({ $0 != row.state }) ?? false { violate(.i5, "\(id.rawValue) is \(row) now") }
        }
    }
}
