import Testing
import Vocabulary

@testable import Budgeting

/// A store may be damaged or written by another program: it may contain any number that its columns can hold.
@Suite("A book opened from absurd rows")
struct DamagedOpeningTests {
    private static let days = [Int32.min, -719_529, 0, 20_000, 3_000_000, .max]
    private static let amounts: [Int64] = [.min, -1, 0, .max]

    private func opening(days: [Int32]) -> LedgerOpening {
        var opening = LedgerOpening()
        for day in days {
            for amount in Self.amounts {
                opening.rows.append(
                    LedgerOpening.Row(
                        day: BudgetDay(number: day),
                        team: TeamID(rawValue: "team"),
                        key: TeamKeyID(rawValue: "key"),
                        upstreamKey: UpstreamKeyID(rawValue: "main"),
                        spent: MicroCredits(micros: amount),
                        unconfirmed: MicroCredits(micros: amount)
                    )
                )
            }
        }
        return opening
    }

    @Test(
        "counts what was spent on any day and admits nobody above a limit, at any clock",
        arguments: [days, [.min], [.max]],
        [Timestamp(microseconds: .min), Timestamp(microseconds: 1_750_000_000_000_000), Timestamp(microseconds: .max)]
    )
    func rows(_ days: [Int32], _ now: Timestamp) {
        let limit = Budget(window: .total, limit: .maximum, isEnforced: true)
        let plan = BudgetPlan(organization: [limit], assumedPages: .max)
        let gate = BudgetGate(plan: plan, opening: opening(days: days), node: 0, at: now)
        #expect(gate.remaining(of: .organization, at: now) == .zero)
        let ask = ReservationAsk(
            team: TeamID(rawValue: "team"),
            key: TeamKeyID(rawValue: "key"),
            account: AccountID(rawValue: "default"),
            upstreamKey: UpstreamKeyID(rawValue: "main"),
            documentID: "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
            model: "gpt-4o-mini",
            pages: .max,
            cacheKey: CacheKey(Digest(1, 2, 3, 4)),
            requestID: "request"
        )
        guard case .denied(let denial) = gate.admit(ask, at: now) else {
            Issue.record("admitted above the limit")
            return
        }
        #expect(denial.spent.micros == .max)
        #expect(denial.estimate == .maximum)
    }

    @Test("a day that no calendar reaches counts as the last one that it does", arguments: days)
    func day(_ number: Int32) throws {
        let day = BudgetDay(number: number)
        for window in BudgetWindow.allCases {
            guard let days = window.days(around: day) else { continue }
            // The very last day has no following day for its windows to end at.
            #expect(days.contains(day) == (day < BudgetDay(number: .max)))
        }
        for zone in ["UTC", "Pacific/Apia"] {
            let calendar = try #require(BudgetCalendar(timeZone: zone))
            let start = calendar.start(of: day)
            #expect(start > Timestamp(microseconds: .min) && start < Timestamp(microseconds: .max))
        }
    }

    @Test("L10: ids go on behind the greatest that a store may have, without an end in sight")
    func greatestID() {
        var sequence = ReservationIDSequence(node: 1_023, after: .greatestFound)
        var last = ReservationID.greatestFound
        for clock in [Int64.min, 0, .max] {
            for _ in 0..<10_000 {
                let id = sequence.next(at: Timestamp(microseconds: clock))
                guard id > last else {
                    Issue.record("\(id) after \(last)")
                    return
                }
                last = id
            }
        }
        #expect(last.rawValue < .max - 1 << 50)
    }
}
