import Budgeting
import EventLoops
import Reporting
import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// `/simulate` with real rooms and a store that can fail.
@Suite("Simulations")
struct SimulateResourceTests {
    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private func simulate(_ body: String, token: String = AdminStand.viewer) throws -> TestResponse {
        try rooms.answer("POST", "/simulate", body, token: token)
    }

    private static let now = Timestamp(rfc3339: "2026-11-10T12:00:00Z")!

    /// Stores a settled call of the file's team; waits until it is durable if it is the last one.
    private func pay(_ credits: Int64, hours: Int, question: UInt64 = 1, isLast: Bool = true) throws {
        let at = Self.now + .seconds(hours * 3_600)
        let reservation = Reservation(
            id: ReservationID(rawValue: ReservationID.smallest(at: at).rawValue + Int64(question)),
            day: BudgetDay(number: Int32(at.wholeSeconds / 86_400)),
            ask: ReservationAsk(
                team: TeamID(rawValue: "filed"),
                key: TeamKeyID(rawValue: "k"),
                account: AccountID(rawValue: "default"),
                upstreamKey: UpstreamKeyID(rawValue: "primary"),
                documentID: "0b13c9f2-5148-4ffb-bb7b-000000000001",
                model: "m",
                pages: nil,
                cacheKey: CacheKey(Digest(question, 0, 0, 0)),
                requestID: "r"
            ),
            estimate: MicroCredits(micros: credits * 1_000_000),
            createdAt: at
        )
        let ending = ReservationEnding(
            reservation: reservation,
            outcome: .settled(reservation.estimate),
            endedAt: at + .seconds(1)
        )
        let answer = Handover<Result<EndingAnswer, StoreFault>>()
        rooms.sqlite.reserve(reservation) { _ in }
        rooms.sqlite.end(ending, storing: nil) { if isLast { answer.give($0) } }
        if isLast { #expect(try answer.take().get() == .done) }
    }

    private static let period = #""from": "2026-11-01", "to": "2026-11-30""#

    @Test("other budgets are tried out on the ledger; nothing is changed, and a viewer may ask")
    func budgets() throws {
        for hour in 0..<3 { try pay(2, hours: hour, question: UInt64(hour)) }
        let body = #"{"team": "filed", "budgets": [{"window": "month", "credits": 5}], \#(Self.period)}"#
        let answer = try simulate(body)
        try #require(answer.status == 200, "\(answer.text)")
        let json = answer.json
        #expect(
            Set(json.members.keys) == [
                "team", "from", "to", "time_zone", "until", "refused_from", "refused", "would_have_refused", "spent",
                "unconfirmed", "saved", "calls", "hits", "exactness", "exactness_reason", "was",
            ]
        )
        #expect(json["refused_from"] == "2026-11-10T14:00:00Z" && json["refused"].number == 1)
        #expect(json["spent"].number == 4 && json["saved"].number == 0 && json["was"]["spent"].number == 6)
        #expect(json["exactness"] == "exact" && json["exactness_reason"].string?.isEmpty == false)
        #expect(json["from"] == "2026-11-01" && json["to"] == "2026-11-30" && json["time_zone"] == "UTC")
        let none = try simulate(#"{"team": "filed", "budgets": [], \#(Self.period)}"#).json
        #expect(none["refused_from"] == .null && none["spent"].number == 6 && none["calls"].number == 3)
        let actions = try rooms.answer("GET", "/audit").json["items"].items
        #expect(actions.isEmpty, "reads only")
    }

    @Test("another ttl is tried out: the cache has one minute here")
    func ttl() throws {
        for hour in 0..<3 { try pay(2, hours: hour) }
        let json = try simulate(#"{"team": "filed", "ttl": "90m", \#(Self.period)}"#).json
        #expect(json["hits"].number == 1 && json["saved"].number == 2 && json["spent"].number == 4)
        // The third is too far from the first, and the second would have left no result: another team might have.
        #expect(json["exactness"] == "estimate")
        let same = try simulate(#"{"team": "filed", "ttl": "60s", \#(Self.period)}"#).json
        #expect(same["spent"].number == 6 && same["exactness"] == "exact")
        let shorter = try simulate(#"{"team": "filed", "ttl": "0s", "budgets": null, \#(Self.period)}"#).json
        #expect(shorter["exactness"] == "upper_bound" && shorter["spent"].number == 6)
    }

    @Test(
        "bad forms are 422 with the member's name",
        arguments: [
            (#"{"ttl": "1d"}"#, "team"), (#"{"team": 7, "ttl": "1d"}"#, "team"),
            (#"{"team": null, "ttl": "1d"}"#, "team"),
            (#"{"team": "filed"}"#, "budgets"), (#"{"team": "filed", "budgets": null, "ttl": null}"#, "budgets"),
            (#"{"team": "filed", "budgets": 7}"#, "budgets"),
            (#"{"team": "filed", "budgets": [{"window": "year", "credits": 1}]}"#, "budgets[0].window"),
            (#"{"team": "filed", "ttl": "soon"}"#, "ttl"), (#"{"team": "filed", "ttl": "4000d"}"#, "ttl"),
            (#"{"team": "filed", "ttl": "1d", "from": "yesterday"}"#, "from"),
            (#"{"team": "filed", "ttl": "1d", "from": 7}"#, "from"),
            (#"{"team": "filed", "ttl": "1d", "from": "2026-11-02", "to": "2026-11-01"}"#, "to"),
            (#"{"team": "filed", "ttl": "1d", "from": "0001-01-01", "to": "9999-12-31"}"#, "from"),
            (#"{"team": "filed", "ttl": "1d", "window": "day"}"#, "window"),
        ]
    )
    func faults(body: String, member: String) throws {
        let answer = try simulate(body)
        #expect(answer.status == 422 && answer.code == "invalid_request", "\(answer.text)")
        #expect(answer.json["message"].string?.contains("\(member): ") == true, "\(answer.text)")
    }

    @Test("unknown teams, queries and a store that fails are told; one replay runs at a time")
    func refusals() throws {
        let body = #"{"team": "filed", "ttl": "1d"}"#
        #expect(try simulate(#"{"team": "nobody", "ttl": "1d"}"#).status == 404)
        #expect(try rooms.answer("POST", "/simulate?x=1", body).status == 422)
        rooms.store.become(.failing(StoreFault(code: .unavailable, detail: "")))
        let failed = try simulate(body)
        #expect(failed.status == 503 && failed.code == "store_unavailable")
        rooms.store.become(.slow)
        let first = try rooms.ask("POST", "/simulate", body)
        try rooms.waitForHeld(1)
        let second = try simulate(body)
        #expect(second.status == 503 && second.code == "overloaded")
        rooms.store.release()
        #expect(try first.response().status == 200)
        #expect(try simulate(body).status == 200)
    }

    @Test("a ledger of many parts is replayed whole")
    func many() throws {
        let count = WhatIf.rowsAtATime + 100
        for number in 1...count { try pay(1, hours: 0, question: UInt64(number), isLast: number == count) }
        let json = try simulate(#"{"team": "filed", "budgets": [], \#(Self.period)}"#).json
        #expect(json["calls"].int == count && json["spent"].int == count)
    }
}
