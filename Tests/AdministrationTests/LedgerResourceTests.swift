import Budgeting
import EventLoops
import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// `/ledger` with real rooms and a disk that can fail.
@Suite("Ledger")
struct LedgerResourceTests {
    private static let diskFull = StoreFault(code: .full, detail: "")
    private static let members: Set<String> = [
        "id", "team", "key", "account", "upstream_key", "document_id", "model", "cache_key", "request_id", "state",
        "estimate", "credits", "created_at", "ended_at",
    ]

    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private func reservation(
        _ id: Int64,
        team: String = "sales",
        document: Int = 1,
        createdAt: Timestamp = Timestamp(seconds: 1_728_000_000)
    ) -> Reservation {
        let ask = ReservationAsk(
            team: TeamID(rawValue: team),
            key: TeamKeyID(rawValue: "\(team)-key"),
            account: AccountID(rawValue: "default"),
            upstreamKey: UpstreamKeyID(rawValue: "primary"),
            documentID: "0b13c9f2-5148-4ffb-bb7b-00000000000\(document)",
            model: "gpt-4o",
            pages: nil,
            cacheKey: CacheKey(Digest(0, 0, 0, UInt64(id))),
            requestID: "request \"\(id)\""
        )
        return Reservation(
            id: ReservationID(rawValue: id),
            day: BudgetDay(number: 20_000),
            ask: ask,
            estimate: MicroCredits(micros: 3_500_000),
            createdAt: createdAt
        )
    }

    private func wait(_ ask: (@escaping @Sendable (StoreFault?) -> Void) -> Void) {
        let answer = Handover<StoreFault?>()
        ask { answer.give($0) }
        #expect(answer.take() == nil)
    }

    private func add(_ reservation: Reservation, _ outcome: ReservationEnding.Outcome? = .unconfirmed) {
        wait { then in
            rooms.sqlite.reserve(reservation) { result in
                if case .failure(let fault) = result { then(fault) } else { then(nil) }
            }
        }
        guard let outcome else { return }
        let endedAt = Timestamp(seconds: 1_728_000_001)
        let end = ReservationEnding(reservation: reservation, outcome: outcome, endedAt: endedAt)
        wait { then in
            rooms.sqlite.end(end, storing: nil) { result in
                if case .failure(let fault) = result { then(fault) } else { then(nil) }
            }
        }
    }

    private func resolve(_ id: Int64, _ body: String = #"{"credits": 2}"#) throws -> TestResponse {
        try rooms.answer("POST", "/ledger/\(id)/resolve", body, token: AdminStand.operatorToken)
    }

    private func ids(_ query: String) throws -> [String?] {
        let answer = try rooms.answer("GET", "/ledger\(query)", token: AdminStand.viewer)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json["items"].items.map { $0["id"].string }
    }

    @Test("a row has exactly the members of the contract, alone and in the list")
    func members() throws {
        add(reservation(9_007_199_254_740_993))
        add(reservation(7, team: "filed"), nil)
        let list = try rooms.answer("GET", "/ledger", token: AdminStand.viewer).json
        #expect(list["next_cursor"] == .null)
        try #require(list["items"].items.count == 2)
        let (row, open) = (list["items"][0], list["items"][1])
        #expect(Set(row.members.keys) == Self.members && Set(open.members.keys) == Self.members)
        #expect(row["id"] == "9007199254740993" && row["team"] == "sales" && row["key"] == "sales-key")
        #expect(row["account"] == "default" && row["upstream_key"] == "primary" && row["model"] == "gpt-4o")
        #expect(row["document_id"] == "0b13c9f2-5148-4ffb-bb7b-000000000001")
        #expect(row["request_id"].string == "request \"9007199254740993\"")
        #expect(row["cache_key"].string?.count == 64 && row["state"] == "unconfirmed")
        #expect(row["estimate"].number == 3.5 && row["credits"] == .null)
        #expect(row["created_at"] == "2024-10-04T00:00:00Z" && row["ended_at"] == "2024-10-04T00:00:01Z")
        #expect(open["state"] == "reserved" && open["ended_at"] == .null)
        #expect(try rooms.answer("GET", "/ledger/9007199254740993").json == row)
    }

    @Test("a list has what its filters ask for, on pages of any size")
    func list() throws {
        // The least identifiers.
        let firstOf2020 = try #require(Timestamp(rfc3339: "2020-01-01T00:00:00Z"))
        for id in 1...6 as ClosedRange<Int64> {
            let outcome: ReservationEnding.Outcome = id < 4 ? .settled(MicroCredits(micros: 1)) : .unconfirmed
            let createdAt = firstOf2020 + .milliseconds(id)
            let team = id % 2 == 0 ? "even" : "odd"
            add(reservation(id << 22, team: team, document: Int(id), createdAt: createdAt), outcome)
        }
        func id(_ number: Int64) -> String { String(number << 22) }
        #expect(try ids("?team=even") == [id(6), id(4), id(2)])
        #expect(try ids("?key=odd-key&state=settled") == [id(3), id(1)])
        #expect(try ids("?account=default&upstream_key=primary&state=unconfirmed") == [id(6), id(5), id(4)])
        #expect(try ids("?document_id=0B13C9F2-5148-4FFB-BB7B-000000000005") == [id(5)])
        #expect(try ids("?request_id=request%20%22\(id(2))%22") == [id(2)])
        #expect(try ids("?from=2020-01-01&to=2020-01-01").count == 6)
        #expect(try ids("?from=2020-01-01T00:00:00.003Z&to=2020-01-01T00:00:00.005Z") == [id(4), id(3)])
        #expect(try ids("?to=2019-12-31").isEmpty && ids("?from=2020-01-02").isEmpty)
        #expect(try ids("?team=nobody").isEmpty)
        for limit in 1...7 {
            var (found, cursor): ([String?], String?) = ([], nil)
            repeat {
                let query = "?limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page = try rooms.answer("GET", "/ledger\(query)").json
                #expect(page["items"].items.count <= limit)
                found += page["items"].items.map { $0["id"].string }
                cursor = page["next_cursor"].string
            } while cursor != nil && found.count < 9
            #expect(found == (1...6).reversed().map { id($0) })
        }
    }

    @Test(
        "each fault of a query names its parameter",
        arguments: [
            ("?state=open", "state"), ("?state=", "state"), ("?from=yesterday", "from"), ("?to=2026-02-30", "to"),
            ("?from=2026-02-02&to=2026-02-01", "to"), ("?limit=0", "limit"), ("?limit=1001", "limit"),
            ("?cursor=x", "cursor"), ("?cursor=-1", "cursor"), ("?document_id=5", "document_id"), ("?team=", "team"),
            ("?team=a%20b", "team"), ("?key=..", "key"), ("?upstream_key=%2F", "upstream_key"),
            ("?account=", "account"), ("?request_id=", "request_id"), ("?group_by=team", "group_by"),
            ("?team=a&team=b", "team"),
        ]
    )
    func faults(query: String, name: String) throws {
        let answer = try rooms.answer("GET", "/ledger\(query)")
        #expect(answer.status == 422 && answer.code == "invalid_request")
        #expect(answer.json["message"].string?.hasPrefix("\(name): ") == true, "\(answer.text)")
    }

    @Test("an unconfirmed row is resolved once; the answer is the row, and the audit log has it before and after")
    func resolution() throws {
        add(reservation(7))
        let before = try rooms.answer("GET", "/ledger/7").json
        let answer = try resolve(7, #"{"credits": 2.5, "note": "run 12 of the list"}"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(Set(answer.json.members.keys) == Self.members)
        #expect(answer.json["state"] == "resolved" && answer.json["credits"].number == 2.5)
        #expect(answer.json["estimate"].number == 3.5 && answer.json["ended_at"] != before["ended_at"])
        #expect(try rooms.answer("GET", "/ledger/7").json == answer.json)
        #expect(try ids("?state=resolved") == ["7"] && ids("?state=unconfirmed").isEmpty)
        let entry = try rooms.answer("GET", "/audit").json["items"][0]
        #expect(entry["action"] == "reservation.resolve" && entry["target"] == "reservation/7")
        #expect(entry["actor"] == "olga" && entry["role"] == "operator" && entry["before"] == before)
        #expect(entry["after"]["note"] == "run 12 of the list" && entry["after"]["state"] == "resolved")
        #expect(entry["after"]["credits"].number == 2.5)
        let again = try resolve(7, #"{"credits": 2.5}"#)
        #expect(again.status == 409 && again.code == "conflict" && again.text.contains("7 is resolved"))
        #expect(try rooms.answer("GET", "/audit").json["items"].items.count == 1)
    }

    @Test("rows in other states are a 409, none is a 404, a viewer may not, and the store's trouble is a 503")
    func refusals() throws {
        add(reservation(1), nil)
        add(reservation(2), .released)
        add(reservation(3), .settled(.zero))
        add(reservation(4))
        for (id, state) in [(1, "reserved"), (2, "released"), (3, "settled")] as [(Int64, String)] {
            let answer = try resolve(id)
            #expect(answer.status == 409 && answer.text.contains("\(id) is \(state)"), "\(answer.text)")
        }
        #expect(try resolve(5).status == 404)
        for path in ["/ledger/x/resolve", "/ledger/-4/resolve", "/ledger/99999999999999999999/resolve"] {
            #expect(try rooms.answer("POST", path, #"{"credits": 2}"#).status == 404)
        }
        #expect(try rooms.answer("GET", "/ledger/x").status == 404)
        let two = #"{"credits": 2}"#
        #expect(try rooms.answer("POST", "/ledger/4/resolve", two, token: AdminStand.viewer).status == 403)
        #expect(try rooms.answer("POST", "/ledger/4/resolve?x=1", two).status == 422)
        rooms.store.become(.failing(Self.diskFull))
        for answer in [try resolve(4), try rooms.answer("GET", "/ledger")] {
            #expect(answer.status == 503 && answer.code == "store_unavailable")
        }
        rooms.store.become(.well)
        #expect(try resolve(4, #"{"credits": 0}"#).json["credits"].int == 0)
    }

    @Test(
        "each fault of a resolution names its member, and changes nothing",
        arguments: [
            ("{}", "credits"), ("", "credits"), (#"{"credits": null}"#, "credits"), (#"{"credits": -1}"#, "credits"),
            (#"{"credits": "2"}"#, "credits"), (#"{"credits": 1e99}"#, "credits"), (#"{"credits": 1e10}"#, "credits"),
            (#"{"credits": 0.0000001}"#, "credits"), (#"{"credits": [2]}"#, "credits"),
            (#"{"credits": 2, "note": ""}"#, "note"), (#"{"credits": 2, "note": " "}"#, "note"),
            (#"{"credits": 2, "note": 5}"#, "note"),
            (#"{"credits": 2, "note": "\#(String(repeating: "é", count: 201))"}"#, "note"),
            (#"{"credits": 2, "note": "tg_abcdefgh_0123456789abcdef0123456789abcdef"}"#, "note"),
            (#"{"credits": 2, "state": "resolved"}"#, "state"),
        ]
    )
    func badTerms(body: String, member: String) throws {
        add(reservation(7))
        let answer = try resolve(7, body)
        #expect(answer.status == 422 && answer.code == "invalid_request", "\(answer.text)")
        #expect(answer.json["message"].string?.hasPrefix("\(member): ") == true, "\(answer.text)")
        #expect(try ids("?state=unconfirmed") == ["7"])
    }

    @Test("of two that come at the same time one is done and the other is a 409; the most credits are taken")
    func race() throws {
        add(reservation(7))
        rooms.store.become(.slow)
        let asked = try ["1", "1000000000"].map { credits in
            try rooms.ask("POST", "/ledger/7/resolve", #"{"credits": \#(credits)}"#)
        }
        try rooms.waitForHeld(2)
        rooms.store.release()
        let statuses = try asked.map { try $0.response().status }
        #expect(statuses.sorted() == [200, 409])
        #expect(try rooms.answer("GET", "/audit").json["items"].items.count == 1)
    }
}
