import Authentication
import Caching
import TestSupport
import Testing
import Vocabulary

@testable import Gateway

/// The last requests of one worker, as `GatewayServer.recentRequests` gives them.
@Suite("The last requests")
struct RequestTrailTests {
    private func add(_ number: Int, to trail: RequestTrail, at seconds: Int64) {
        trail.add(
            RequestTrail.Details(requestID: .chosen(Array("r\(number)".utf8)), cacheStatus: .detail("not_found")),
            RequestTrail.Origin(
                route: nil,
                method: .get,
                caller: RequestTrail.noCaller,
                startedAt: MonotonicInstant(nanoseconds: 0)
            ),
            model: nil,
            status: 404,
            charged: .zero,
            saved: .zero,
            at: Timestamp(seconds: seconds),
            MonotonicInstant(nanoseconds: 1_000_000)
        )
    }

    private func identifiers(_ requests: [RecentRequest]) -> [String] {
        requests.map { String(decoding: $0.requestID.bytes, as: UTF8.self) }
    }

    @Test("a worker keeps its last thousand, in their order", arguments: [0, 1, 999, 1_000, 1_001, 5_000])
    func ring(count: Int) {
        let trail = RequestTrail()
        for number in 0..<count { add(number, to: trail, at: 5) }
        let expected = (max(0, count - 1_000)..<count).map { "r\($0)" }
        #expect(identifiers(trail.requests(ofWorker: 3)) == expected)
    }

    @Test("a key that a reload gives to another team has a number for each")
    func movedKey() {
        func key(_ team: String) -> TeamKey {
            TeamKey(
                id: TeamKeyID(rawValue: "k"),
                team: Team(
                    id: TeamID(rawValue: team),
                    name: team,
                    account: AccountID(rawValue: "default"),
                    cacheScopeIsTeam: false
                ),
                secretDigest: Digest(1, 2, 3, 4),
                notAfter: nil
            )
        }
        let trail = RequestTrail()
        let first = trail.number(of: key("a"))
        let second = trail.number(of: key("b"))
        #expect(first != second && trail.number(of: key("b")) == second)
        #expect(trail.number(of: key("a")) != second)
    }

    @Test("of several workers the newest thousand are listed, newest first; of the same moment in a fixed order")
    func merged() {
        let trails = (0..<3).map { _ in RequestTrail() }
        for number in 0..<600 { add(number, to: trails[number % 3], at: Int64(number / 2)) }
        for number in 600..<1_500 { add(number, to: trails[1], at: Int64(number / 2)) }
        let all = trails.enumerated().flatMap { $1.requests(ofWorker: $0) }
        let newest = RecentRequest.newest(1_000, of: all)
        #expect(newest.count == 1_000)
        #expect(newest.map(\.at) == newest.map(\.at).sorted(by: >))
        #expect(identifiers(Array(newest.prefix(2))) == ["r1499", "r1498"])
        #expect(newest.map(\.number) == RecentRequest.newest(1_000, of: all.reversed()).map(\.number))
    }
}
