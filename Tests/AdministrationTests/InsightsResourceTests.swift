import Budgeting
import EventLoops
import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// `/insights`, with real rooms and a disk that can fail.
@Suite("Insights")
struct InsightsResourceTests {
    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private func show(_ query: String = "", token: String = AdminStand.viewer) throws -> TestResponse {
        try rooms.answer("GET", "/insights" + query, token: token)
    }

    private func pay(_ id: Int64, team: String, pages: String?, at moment: Timestamp) throws {
        let reservation = Reservation(
            id: ReservationID(rawValue: ReservationID.smallest(at: moment).rawValue + id),
            day: BudgetDay(number: 0),
            ask: ReservationAsk(
                team: TeamID(rawValue: team),
                key: TeamKeyID(rawValue: "k"),
                account: AccountID(rawValue: "default"),
                upstreamKey: UpstreamKeyID(rawValue: "primary"),
                documentID: "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
                model: "gpt-4o",
                pages: 1,
                cacheKey: CacheKey(Digest(UInt64(id), 0, 0, 0)),
                requestID: "request-\(id)"
            ),
            estimate: MicroCredits(micros: 1),
            createdAt: moment
        )
        let question = PaidQuestion(
            parts: QuestionParts(labels: 1, schema: 1, otherMembers: nil, pages: pages, schemaText: []),
            isTeamScoped: false,
            noCache: false,
            noStore: false,
            maxAgeSeconds: nil,
            lifetimeMicroseconds: .max
        )
        let ending = ReservationEnding(
            reservation: reservation,
            outcome: .settled(MicroCredits(micros: 1_500_000)),
            endedAt: moment,
            question: question
        )
        let (reserved, ended) = (Handover<StoreFault?>(), Handover<StoreFault?>())
        rooms.sqlite.reserve(reservation) { reserved.give($0.fault) }
        #expect(reserved.take() == nil)
        rooms.sqlite.end(ending, storing: nil) { ended.give($0.fault) }
        #expect(ended.take() == nil)
    }

    @Test("it has the members of docs/api.md, of the period and the team that are asked for")
    func members() throws {
        let october = try #require(Timestamp(rfc3339: "2026-10-10T12:00:00Z"))
        try pay(1, team: "a", pages: nil, at: october)
        try pay(2, team: "b", pages: "1", at: october)
        try pay(3, team: "c", pages: "2", at: october + .seconds(86_400))
        let answer = try show("?from=2026-10-01&to=2026-10-31")
        #expect(answer.status == 200, "\(answer.text)")
        let json = answer.json
        #expect(Set(json.members.keys) == ["from", "to", "items", "total", "unexplained", "unknown"])
        #expect(json["from"] == "2026-10-01T00:00:00Z" && json["to"] == "2026-11-01T00:00:00Z")
        #expect(json["total"]["credits"].number == 3 && json["total"]["requests"].int == 2)
        #expect(json["unexplained"]["requests"].int == 0 && json["unknown"]["credits"].number == 0)
        #expect(json["items"].items.count == 2)
        let one = try show("?from=2026-10-10&to=2026-10-10").json["items"]
        #expect(one.items.count == 1)
        let item = one[0]
        #expect(Set(item.members.keys) == ["reason", "teams", "credits", "requests", "examples"])
        #expect(item["reason"] == "page_range" && item["teams"].items == ["a", "b"])
        #expect(item["credits"].number == 1.5 && item["requests"].int == 1)
        let example = item["examples"][0]
        #expect(Set(example.members.keys) == ["document_id", "first", "again", "differs", "differs_more"])
        #expect(Set(example["again"].members.keys) == ["id", "team", "at", "request_id", "credits", "unconfirmed"])
        #expect(example["first"]["request_id"] == "request-1" && example["again"]["team"] == "b")
        #expect(example["again"]["at"] == "2026-10-10T12:00:00Z")
        let difference = example["differs"][0]
        #expect(Set(difference.members.keys) == ["part", "label", "member", "first", "again"])
        #expect(difference["part"] == "page_range" && difference["first"] == .null && difference["again"] == "1")
        #expect(try show("?from=2026-10-01&to=2026-10-31&team=c").json["total"]["requests"].int == 1)
        #expect(try show("?from=2026-10-01&to=2026-10-31&team=a").json["items"].items.isEmpty)
        #expect(try show("?from=2026-10-10T00:00:00Z&to=2026-10-11T00:00:00Z").json["items"] == one)
    }

    @Test(
        "bad members are refused by name",
        arguments: [
            ("?form=x", "form"), ("?limit=1", "limit"), ("?from=yesterday", "from"), ("?to=2026-13-01", "to"),
            ("?from=2026-10-02&to=2026-10-01", "to"), ("?from=9999-01-01", "from"), ("?team=", "team"),
            ("?team=a&team=b", "team"), ("?from=2026-10-01T00:00:00", "from"),
        ]
    )
    func refusals(_ query: String, _ member: String) throws {
        let answer = try show(query)
        #expect(answer.status == 422 && answer.code == "invalid_request", "\(answer.text)")
        #expect(answer.json["message"].string?.contains(member) == true, "\(answer.text)")
    }

    @Test(
        "periods at the ends of the calendar are answered",
        arguments: ["?from=0001-01-01&to=9999-12-31", "?from=1900-01-01"]
    )
    func absurd(_ query: String) throws { #expect(try show(query).status == 200) }

    @Test("only reading, and only with a token; a store that is down is a 503")
    func access() throws {
        #expect(try show(token: "nobody").status == 401)
        #expect(try rooms.answer("POST", "/insights", "{}").status == 405)
        rooms.store.become(.failing(StoreFault(code: .unavailable, detail: "")))
        let answer = try show()
        #expect(answer.status == 503 && answer.code == "store_unavailable")
    }
}

extension Result where Failure == StoreFault {
    fileprivate var fault: StoreFault? { if case .failure(let fault) = self { fault } else { nil } }
}
