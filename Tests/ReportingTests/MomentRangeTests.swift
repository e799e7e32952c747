import Budgeting
import Testing
import Vocabulary

@testable import Reporting

@Suite("MomentRange")
struct MomentRangeTests {
    private let zurich = BudgetCalendar(timeZone: "Europe/Zurich")!

    private func range(_ from: String?, _ to: String?) throws -> [String?] {
        let range = try MomentRange(from: from, to: to, in: zurich)
        return [range.from?.rfc3339, range.end?.rfc3339]
    }

    @Test("a day is one of the calendar, and the last one belongs to it; a moment is itself")
    func ends() throws {
        #expect(try range(nil, nil) == [nil, nil])
        #expect(try range("2026-11-01", "2026-11-01") == ["2026-10-31T23:00:00Z", "2026-11-01T23:00:00Z"])
        #expect(try range("2026-07-01", nil) == ["2026-06-30T22:00:00Z", nil])
        #expect(try range(nil, "2026-07-01T02:00:00+02:00") == [nil, "2026-07-01T00:00:00Z"])
        #expect(
            try range("2026-07-01T00:00:00.000001Z", "2026-07-01T00:00:00.000002Z") == [
                "2026-07-01T00:00:00.000001Z", "2026-07-01T00:00:00.000002Z",
            ]
        )
        #expect(try range("0001-01-01", "9999-12-31").count == 2)
    }

    @Test(
        "what is no day and no moment, or is nothing at all, is a fault of its end",
        arguments: [
            ("", nil), ("yesterday", nil), ("2026-13-01", nil), ("2026-11-01T", nil), ("2026-1-1", nil),
        ] as [(String, String?)]
    )
    func faults(_ from: String, _ to: String?) {
        #expect(throws: ReportPeriod.Fault.self) { try range(from, to) }
        #expect { try range("2026-01-01", from) } throws: { fault in
            if case .to? = fault as? ReportPeriod.Fault { true } else { false }
        }
    }

    @Test("an end that is not behind the start is a fault")
    func empty() {
        for (from, to) in [("2026-11-02", "2026-11-01"), ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z")] {
            #expect { try range(from, to) } throws: { fault in
                (fault as? ReportPeriod.Fault) == .to("must be later than from")
            }
        }
    }
}

@Suite("ComparedStatement")
struct ComparedStatementTests {
    @Test(
        "the drift is what was billed less what was spent, and may be below zero",
        arguments: [(5, 3, "2"), (3, 5, "-2"), (0, 0, "0")] as [(Int64, Int64, String)]
    )
    func drift(_ billed: Int64, _ spent: Int64, _ drift: String) throws {
        #expect(compared(billed * 1_000_000, spent * 1_000_000).drift.description == drift)
    }

    @Test("absurd amounts saturate")
    func absurd() {
        #expect(compared(0, .max).drift.micros == -.max)
        #expect(compared(.max, .min).drift.micros == .max)
    }

    private func compared(_ billed: Int64, _ spent: Int64) -> ComparedStatement {
        let days = BudgetDay(number: 20_000)..<BudgetDay(number: 20_001)
        let terms = VendorStatementTerms(
            account: AccountID(rawValue: "default"),
            period: ReportPeriod(days: days),
            from: "2024-10-04",
            to: "2024-10-04",
            credits: MicroCredits(micros: billed)
        )
        let statement = VendorStatement(id: 1, terms: terms, createdAt: Timestamp(seconds: 0))
        return ComparedStatement(statement: statement, spent: MicroCredits(micros: spent), unconfirmed: .zero)
    }
}
