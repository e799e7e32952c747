import Authentication
import Budgeting
import Cryptography
import JSON
import Testing
import Vocabulary

@testable import Gateway

@Suite("Who shows which key")
struct CallerTableTests {
    private let hasher = SHA256Hasher()
    private let before = Timestamp(seconds: 1_000)

    private func team(_ id: String, account: String = "default", isAlone: Bool = false) -> Team {
        Team(id: TeamID(rawValue: id), name: id, account: AccountID(rawValue: account), cacheScopeIsTeam: isAlone)
    }

    private func key(_ secret: String, of team: Team, notAfter: Timestamp? = nil) -> TeamKey {
        TeamKey(
            id: TeamKeyID(rawValue: "key-of-" + secret),
            team: team,
            secretDigest: hasher.digest(Array(secret.utf8)),
            notAfter: notAfter
        )
    }

    private func callers(_ teams: TeamDirectory) -> CallerTable {
        CallerTable(teams, secret: [1]) { caller($0) }
    }

    private func caller(_ key: TeamKey, secret: [UInt8] = [1]) -> Caller {
        let gate = BudgetGate(plan: BudgetPlan(), opening: LedgerOpening(), node: 0, at: before)
        let meter = gate.meter(team: key.team.id, key: key.id)
        return Caller(
            key,
            number: 0,
            counts: TeamCounts(),
            secret: secret,
            meter: meter,
            throttle: TeamThrottle(key.team.limits)
        )
    }

    private func find(_ secret: String, _ table: inout CallerTable, at now: Timestamp? = nil) -> Caller? {
        let shown = Array(secret.utf8)
        return table.find(shown.span, at: now ?? before, with: hasher)
    }

    @Test("a key is found the first time and again, as the same caller; another or none is not")
    func found() {
        let team = team("a")
        var table = callers(TeamDirectory(teams: [team], keys: [key("good", of: team)]))
        let first = find("good", &table)
        #expect(first?.key.id.rawValue == "key-of-good")
        #expect(find("good", &table) === first)
        for other in ["", "goo", "good ", "Good"] { #expect(find(other, &table) == nil, "\(other)") }
    }

    @Test("a key that was found before is not found any more from its not_after on")
    func expiry() {
        let team = team("a")
        let end = Timestamp(seconds: 2_000)
        var table = callers(TeamDirectory(teams: [team], keys: [key("good", of: team, notAfter: end)]))
        #expect(find("good", &table) != nil)
        #expect(find("good", &table, at: Timestamp(microseconds: end.microseconds - 1)) != nil)
        #expect(find("good", &table, at: end) == nil)
        #expect(find("good", &table) != nil)
    }

    @Test("more keys than the table has slots are all found, time and again")
    func manyKeys() {
        let team = team("a")
        let secrets = (0..<3_000).map { "secret-\($0)" }
        let keys = secrets.map { key($0, of: team) }
        var table = callers(TeamDirectory(teams: [team], keys: keys))
        for _ in 0..<2 {
            let found = secrets.map { find($0, &table)?.key.id.rawValue }
            #expect(found == secrets.map { "key-of-" + $0 })
        }
    }

    @Test("teams of one account share scope and fingerprints unless theirs is the team; accounts never share")
    func scopes() {
        let teams = [
            team("a"), team("b"), team("c", isAlone: true), team("d", isAlone: true), team("e", account: "other"),
        ]
        let callers = teams.map { caller(key("secret", of: $0), secret: [1, 2, 3]) }
        #expect(callers[0].scope == callers[1].scope)
        #expect(Set([callers[0].scope, callers[2].scope, callers[3].scope, callers[4].scope]).count == 4)
        let body = Array("{}".utf8)
        let fingerprints = callers.map { $0.bodyHash.fingerprint(body.span) }
        #expect(fingerprints[0] == fingerprints[1])
        #expect(Set(fingerprints).count == 4)
    }

    @Test("the members for the log name team and key, escaped")
    func logMembers() {
        let caller = self.caller(key("s", of: team("a\"b")), secret: [1])
        #expect(caller.logMembers == Array(#""team":"a\"b","key":"key-of-s""#.utf8))
    }
}
