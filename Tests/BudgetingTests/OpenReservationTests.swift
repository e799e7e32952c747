import Testing
import Vocabulary

@testable import Budgeting

@Suite("A reservation until its ending is durable")
struct OpenReservationTests {
    private static let now = at("2026-03-11T12:00:00Z")

    private static func reservation(_ upstreamKey: String = "primary") -> Reservation {
        Reservation(
            id: ReservationID(rawValue: 1),
            day: day("2026-03-11"),
            ask: ask(upstreamKey: upstreamKey, pages: 4),
            estimate: credits(4),
            createdAt: now
        )
    }

    private static let outcomes: [ReservationEnding.Outcome] = [
        .settled(credits(9)), .settled(.zero), .released, .unconfirmed,
    ]

    @Test("I3: it is booked once, after any number of refusals, and told once", arguments: outcomes, 0..<4)
    func bookedOnce(outcome: ReservationEnding.Outcome, refusals: Int) {
        var open = OpenReservation(Self.reservation())
        let first = open.end(outcome, at: Self.now, Lesson(documentPages: 4))
        #expect(first.outcome == outcome && first.lesson.documentPages == 4 && first.endedAt == Self.now)
        #expect(open.reservation == nil)
        for number in 0..<refusals {
            let telling = open.stayedOpen()
            // Told with the first refusal: an outcome that claims credits is withheld (I5).
            #expect(telling == (number > 0 ? nil : outcome.claimsCredits ? .nothing : .everything))
            #expect(open.retry() == first)
        }
        let (ending, isTold) = open.becameDurable()
        #expect(ending == first && isTold == (refusals > 0))
    }

    @Test("only a settlement claims credits, and only one above the estimate holds more before it is durable")
    func claims() {
        #expect(Self.outcomes.map(\.claimsCredits) == [true, true, false, false])
        let costs = Self.outcomes.map { outcome in
            var open = OpenReservation(Self.reservation())
            return open.end(outcome, at: Self.now, Lesson()).costAboveEstimate
        }
        #expect(costs == [credits(9), nil, nil, nil])
    }

    @Test("it ends with the upstream key that the ledger named last")
    func moves() {
        let (denial, lesser) = (denial(neverFits: true), denial(neverFits: false))
        let rows: [([OpenReservation.MoveAnswer], String, Denial?)] = [
            ([], "primary", nil),
            ([.moved(Self.reservation("second"))], "second", nil),
            ([.failed], "primary", nil),
            ([.denied(denial)], "primary", denial),
            ([.denied(denial), .denied(lesser)], "primary", lesser),
            ([.denied(lesser), .denied(denial)], "primary", lesser),
            (
                [.moved(Self.reservation("second")), .denied(denial), .moved(Self.reservation("third"))], "third",
                denial
            ),
            ([.moved(Self.reservation("second")), .failed], "second", nil),
        ]
        for (answers, key, refusal) in rows {
            var open = OpenReservation(Self.reservation())
            for answer in answers {
                let asked = open.move()
                #expect(asked == open.reservation)
                open.moved(answer)
            }
            #expect(open.moveDenial == refusal)
            #expect(open.end(.released, at: Self.now, Lesson()).reservation.ask.upstreamKey.rawValue == key)
        }
    }

    private func denial(neverFits: Bool) -> Denial {
        Denial(
            scope: .upstreamKey(UpstreamKeyID(rawValue: "second")),
            window: .month,
            limit: credits(neverFits ? 1 : 10),
            spent: credits(8),
            unconfirmed: .zero,
            reserved: .zero,
            estimate: credits(4),
            resetsAt: nil
        )
    }

    @Test("a denial concerns those who share its budget")
    func concerns() {
        let rows: [(BudgetScope, [Bool])] = [
            (.organization, [true, true, true]),
            (.upstreamKey(UpstreamKeyID(rawValue: "primary")), [true, true, true]),
            (.team(TeamID(rawValue: "a")), [true, true, false]),
            (.key(TeamKeyID(rawValue: "a1")), [true, false, false]),
        ]
        for (scope, expected) in rows {
            let denial = Denial(
                scope: scope,
                window: .day,
                limit: .zero,
                spent: .zero,
                unconfirmed: .zero,
                reserved: .zero,
                estimate: credits(1),
                resetsAt: nil
            )
            let askers = [("a", "a1"), ("a", "a2"), ("b", "b1")]
            #expect(
                askers.map { denial.concerns(team: TeamID(rawValue: $0), key: TeamKeyID(rawValue: $1)) } == expected
            )
        }
    }

    @Test("I3: a second ending traps, and so does one while the reservation moves")
    func traps() async {
        await #expect(processExitsWith: .failure) {
            var open = OpenReservation(OpenReservationTests.reservation())
            _ = open.end(.released, at: OpenReservationTests.now, Lesson())
            _ = open.end(.unconfirmed, at: OpenReservationTests.now, Lesson())
        }
        await #expect(processExitsWith: .failure) {
            var open = OpenReservation(OpenReservationTests.reservation())
            _ = open.move()
            _ = open.end(.released, at: OpenReservationTests.now, Lesson())
        }
        await #expect(processExitsWith: .failure) {
            var open = OpenReservation(OpenReservationTests.reservation())
            _ = open.end(.released, at: OpenReservationTests.now, Lesson())
            _ = open.becameDurable()
            _ = open.becameDurable()
        }
    }
}
