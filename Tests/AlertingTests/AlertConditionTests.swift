import Alerting
import JSON
import Reporting
import Testing
import Vocabulary

@testable import Budgeting
@testable import UpstreamKeys

@Suite("What alerts say")
struct AlertConditionTests {
    private let now = Timestamp(rfc3339: "2026-11-29T10:00:00Z")!
    private let monthEnd = Timestamp(rfc3339: "2026-12-01T00:00:00Z")!

    private func text(_ condition: AlertCondition) -> String {
        String(decoding: condition.facts.json(condition.kind, at: now).text, as: UTF8.self)
    }

    private func crossing(
        _ scope: BudgetScope,
        _ window: BudgetWindow = .month,
        isEnforced: Bool = true,
        threshold: Int64 = 800_000,
        limit: Int64 = 10_000_000_000,
        spent: Int64 = 8_100_500_000
    ) -> ThresholdCrossing {
        ThresholdCrossing(
            scope: scope,
            budget: Budget(
                window: window,
                limit: MicroCredits(micros: limit),
                isEnforced: isEnforced,
                alertAtMillionths: [threshold]
            ),
            threshold: threshold,
            limit: MicroCredits(micros: limit),
            spent: MicroCredits(micros: spent),
            unconfirmed: MicroCredits(micros: 2_000_000),
            start: BudgetDay(number: window == .total ? 0 : 20_758),
            resetsAt: window == .total ? nil : monthEnd
        )
    }

    @Test("a threshold: the members of the contract, then its own, and a line for people")
    func threshold() {
        let condition = AlertCondition(crossing(.team(TeamID(rawValue: "ap"))), team: nil)
        let expected = """
            {"type": "budget_threshold", "at": "2026-11-29T10:00:00Z", "team": "ap", "window": "month", \
            "threshold": 0.8, "credits": 10000, "spent": 8100.5, "scope": "team", "scope_id": "ap", "enforce": true, \
            "unconfirmed": 2, "resets_at": "2026-12-01T00:00:00Z", "text": "Team ap has used 8102.5 of 10000 \
            credits of this month: 80 % of its budget is reached. It starts anew at 2026-12-01T00:00:00Z."}
            """
        #expect(text(condition) == expected)
        #expect(condition.course == .dated(until: monthEnd))
    }

    @Test("budgets, shares, windows and kinds are conditions of their own; limits and amounts are not")
    func names() {
        let team = BudgetScope.team(TeamID(rawValue: "ap"))
        let names = [
            crossing(team), crossing(.key(TeamKeyID(rawValue: "ap"))), crossing(.organization), crossing(team, .total),
            crossing(team, .day), crossing(team, isEnforced: false), crossing(team, threshold: 800_001),
        ].map { AlertCondition($0, team: nil).name }
        #expect(Set(names).count == names.count)
        #expect(AlertCondition(crossing(team, limit: 5, spent: 9), team: nil).name == names[0])
    }

    @Test("a key's threshold names its team; the largest and smallest amounts are written")
    func extremes() {
        let key = crossing(.key(TeamKeyID(rawValue: "k")), .total, threshold: .max, limit: .max, spent: .max)
        let condition = AlertCondition(key, team: TeamID(rawValue: "ap"))
        #expect(text(condition).contains(#""team": "ap", "window": "total""#))
        #expect(text(condition).contains(#""resets_at": null"#))
        #expect(condition.course == .dated(until: nil))
        #expect(
            text(AlertCondition(crossing(.organization, threshold: 1, limit: 0, spent: 1), team: nil)).contains(
                #""team": null, "window": "month", "threshold": 0.000001, "credits": 0, "spent": 0.000001"#
            )
        )
    }

    @Test(
        "unconfirmed credits are told of above the share",
        arguments: [
            (spent: 95, unconfirmed: 5, isHigh: false), (95, 6, true), (0, 0, false), (0, 1, true), (100, 0, false),
            (Int64.max, .max, true), (.max, 1, false),
        ]
    )
    func unconfirmed(spent: Int64, unconfirmed: Int64, isHigh: Bool) {
        let condition = AlertCondition.unconfirmed(
            spent: MicroCredits(micros: spent),
            unconfirmed: MicroCredits(micros: unconfirmed),
            above: 50_000,
            days: 7
        )
        #expect((condition != nil) == isHigh)
        #expect(condition.map { $0.course == .lasting } ?? true)
    }

    @Test(
        "a bill that differs by more than the share of the greater of both",
        arguments: [
            (billed: 1_000, spent: 1_000, drifts: false), (1_000, 990, false), (1_000, 989, true), (990, 1_000, false),
            (989, 1_000, true), (0, 0, false), (1, 0, true), (0, 1, true), (Int64.max, 0, true), (0, .max, true),
        ]
    )
    func drift(billed: Int64, spent: Int64, drifts: Bool) throws {
        let calendar = try #require(BudgetCalendar(timeZone: "UTC"))
        let period = try ReportPeriod(from: "2026-11-01", to: "2026-11-02", in: calendar, now: now)
        let terms = VendorStatementTerms(
            account: AccountID(rawValue: "default"),
            period: period,
            from: "2026-11-01",
            to: "2026-11-02",
            credits: MicroCredits(micros: billed)
        )
        let compared = ComparedStatement(
            statement: VendorStatement(id: 7, terms: terms, createdAt: now),
            spent: MicroCredits(micros: spent),
            unconfirmed: .zero
        )
        let condition = AlertCondition.drift(of: compared, above: 10_000)
        #expect((condition != nil) == drifts)
        if let condition { #expect(text(condition).contains(#""statement": "7", "account": "default""#)) }
    }

    @Test("open breakers and quarantined keys, and nothing of keys that cool or rest")
    func vendor() {
        func key(_ id: String, _ state: UpstreamKeyStatus.State, _ reason: QuarantineReason?) -> UpstreamKeyStatus {
            UpstreamKeyStatus(
                id: UpstreamKeyID(rawValue: id),
                account: AccountID(rawValue: "a"),
                state: state,
                coolingUntil: nil,
                quarantineReason: reason,
                isInTime: true,
                underWay: 0,
                lastUsedAt: nil
            )
        }
        let keys = [key("k1", .active, nil), key("k2", .quarantined, .allCases[0]), key("k3", .cooling, nil)]
        func names(_ breaker: CircuitBreaker.Phase) -> [String] {
            let status = UpstreamAccountStatus(
                account: AccountID(rawValue: "a"),
                breaker: breaker,
                waiting: 0,
                keys: keys
            )
            return AlertCondition.conditions(of: [status]).map(\.name)
        }
        #expect(names(.open) == ["circuit_open|a", "key_quarantined|k2"])
        #expect(names(.closed) == ["key_quarantined|k2"])
        // A probe says nothing yet: the condition goes on until one succeeds.
        #expect(names(.halfOpen) == ["circuit_open|a", "key_quarantined|k2"])
    }

    @Test("what ends is told once for each end")
    func expiring() {
        let key = AlertCondition.expiring(TeamKeyID(rawValue: "k"), of: TeamID(rawValue: "t"), at: monthEnd)
        let upstream = AlertCondition.expiring(UpstreamKeyID(rawValue: "k"), of: AccountID(rawValue: "a"), at: monthEnd)
        let certificate = AlertCondition.certificate("listen.tls.certificate_file", endsAt: monthEnd)
        #expect(Set([key.name, upstream.name, certificate.name]).count == 3)
        #expect(key.name != AlertCondition.expiring(TeamKeyID(rawValue: "k"), of: TeamID(rawValue: "t"), at: now).name)
        #expect(text(key).contains(#""team": "t""#) && text(key).contains(#""key": "k", "expires_at": "2026-12-01"#))
        #expect(text(upstream).contains(#""upstream_key": "k", "account": "a""#))
        #expect(certificate.course == .dated(until: nil))
    }

    @Test("the signature is the HMAC of the time, a dot and the body")
    func signature() {
        let value = AlertSignature.value(
            of: Array(#"{"a": 1}"#.utf8),
            secret: Array("secret".utf8),
            at: Timestamp(microseconds: 1_764_410_400_999_999)
        )
        let parts = value.split(separator: ",")
        #expect(parts[0] == "t=1764410400")
        #expect(parts[1].hasPrefix("v1=") && parts[1].count == 67)
    }
}
