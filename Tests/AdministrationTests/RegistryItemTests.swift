import Authentication
import Budgeting
import Forms
import JSON
import Registry
import Testing
import UpstreamKeys
import Vocabulary

@testable import Administration

@Suite("Teams and keys as they are shown")
struct RegistryItemTests {
    private static let digest = Digest(0, 0, 0, 0)
    private let zurich = AccountID(rawValue: "zurich")

    @Test("what a team is shown as is read as the same team")
    func roundTrip() throws {
        let team = TeamRecord(
            id: TeamID(rawValue: "sales"),
            name: "Sales \"North\"",
            account: zurich,
            budgets: [
                Budget(
                    window: .day,
                    limit: MicroCredits(micros: 1),
                    isEnforced: true,
                    alertAtMillionths: [800_000, 1_000_000]
                ),
                Budget(window: .day, limit: .maximum, isEnforced: false),
            ],
            limits: TeamLimits(requestsPerSecondMillionths: 500_000, concurrencyMax: 3, models: ["a", "b"]),
            cacheScope: .team
        )
        guard case .object(let members) = RegistryItem.team(team, .store).json else {
            Issue.record("no object")
            return
        }
        let shown = JSONValue.object(members.filter { $0.name != "id" && $0.name != "source" }).text
        let report = FormReport(takesNull: true)
        let reader = try #require(ObjectReader(try JSONValue.parse(shown.span), path: "", report: report))
        var read = TeamRecord(id: team.id, name: "", account: zurich)
        TeamForm.read(reader, into: &read, accounts: [zurich])
        reader.finish()
        #expect(report.faults.map(\.description) == [])
        #expect(read == team)
    }

    @Test("moments and amounts at both ends of what there is are shown", arguments: [Int64.min, .max])
    func extremes(number: Int64) throws {
        let moment = Timestamp(microseconds: number)
        let teamKey = TeamKeyRecord(
            id: TeamKeyID(rawValue: "k"),
            team: TeamID(rawValue: "t"),
            secretDigest: Self.digest,
            notAfter: moment,
            budgets: [Budget(window: .day, limit: MicroCredits(micros: number), isEnforced: true)]
        )
        let upstreamKey = UpstreamKeyEntry(
            key: UpstreamKey(
                id: UpstreamKeyID(rawValue: "u"),
                account: zurich,
                secret: [],
                secretDigest: Self.digest,
                weight: .max,
                notBefore: Timestamp(microseconds: .min),
                notAfter: Timestamp(microseconds: .max)
            ),
            monthlyCredits: MicroCredits(micros: number),
            createdAt: moment
        )
        let items: [RegistryItem] = [.teamKey(teamKey, .store, at: moment), .upstreamKey(upstreamKey, .store)]
        for item in items { #expect(try JSONValue.parse(item.json.text.span)["created_at"] != nil) }
    }
}
