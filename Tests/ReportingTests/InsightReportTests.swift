import Budgeting
import Testing
import Vocabulary

@testable import Reporting

@Suite("The report of what was paid for twice")
struct InsightReportTests {
    private func group(
        _ reason: RepeatReason,
        _ first: String = "a",
        _ team: String = "b",
        credits: Int64,
        requests: Int64 = 1
    ) -> InsightReport.Group {
        InsightReport.Group(
            reason: reason,
            firstTeam: TeamID(rawValue: first),
            team: TeamID(rawValue: team),
            sum: InsightReport.Sum(credits: MicroCredits(micros: credits), requests: requests)
        )
    }

    @Test("items are those with a reason, the dearest first, and the total is their sum")
    func items() {
        let groups = [
            group(.model, credits: 1), group(.unknown, credits: 100, requests: 7), group(.schemaText, credits: 9),
            group(.unexplained, credits: 50, requests: 3), group(.model, "a", "a", credits: 1),
            group(.unexplained, "b", credits: 1), group(.expired, credits: 1),
        ]
        let report = InsightReport(groups) { _ in [] }
        #expect(report.items.map(\.group) == [groups[2], groups[6], groups[4], groups[0]])
        #expect(report == InsightReport(groups.reversed()) { _ in [] })
        #expect(report.total == InsightReport.Sum(credits: MicroCredits(micros: 12), requests: 4))
        #expect(report.unexplained == InsightReport.Sum(credits: MicroCredits(micros: 51), requests: 4))
        #expect(report.unknown == InsightReport.Sum(credits: MicroCredits(micros: 100), requests: 7))
    }

    @Test("sums stay at the greatest number there is")
    func saturated() {
        let report = InsightReport([
            group(.model, credits: .max, requests: .max), group(.scope, credits: 1, requests: 1),
        ]) { _ in [] }
        #expect(report.total == InsightReport.Sum(credits: MicroCredits(micros: .max), requests: .max))
    }

    @Test("only the first fifty groups have examples, so that the report is bounded")
    func bounded() {
        let groups = (0..<1_000).map { group(.model, "\($0)", credits: Int64($0)) }
        var asked: [Int64] = []
        let report = InsightReport(groups) { group in
            asked.append(group.sum.credits.micros)
            return []
        }
        #expect(report.items.count == 1_000)
        #expect(asked == (950..<1_000).reversed().map(Int64.init))
    }

    @Test("every reason of the contract is there, and two more that are no items")
    func names() {
        #expect(
            Set(RepeatReason.allCases.filter(\.isExplained).map(\.rawValue)) == [
                "schema_text", "schema_labels", "page_range", "model", "other_members", "expired", "purged", "no_cache",
                "no_store", "scope",
            ]
        )
        #expect(RepeatReason.allCases.count == 12)
    }
}
