import Budgeting
import EventLoops
import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Administration
@testable import Reporting

/// `/spend`, with real rooms and a disk that can fail.
@Suite("Spend")
struct SpendResourceTests {
    private static let counts = [
        "spent", "unconfirmed", "saved", "requests", "hits", "collapsed", "misses", "denied",
    ]

    private let rooms: AdminRooms
    private let today: BudgetDay

    init() throws {
        rooms = try AdminRooms()
        today = BudgetDay(number: Int32(Date().timeIntervalSince1970 / 86_400))
    }

    private func add(_ day: BudgetDay, team: String = "a", model: String = "m", hits: Int64) throws {
        var counts = UsageCounts()
        counts.hits = hits
        counts.saved = MicroCredits(micros: hits * 500_000)
        let row = UsageRow(
            day: day,
            team: TeamID(rawValue: team),
            key: TeamKeyID(rawValue: "k"),
            model: model,
            counts: counts
        )
        let done = Handover<Result<Void, StoreFault>>()
        var report = UsageReport(at: SystemClock.wall())
        report.rows = [row]
        rooms.sqlite.add(report) { done.give($0) }
        try done.take().get()
    }

    private func spend(_ query: String = "", token: String = AdminStand.viewer) throws -> TestResponse {
        try rooms.answer("GET", "/spend\(query)", token: token)
    }

    @Test("the running month by team is the default; each item has every member, and the total is their sum")
    func standard() throws {
        try add(today, team: "a", hits: 3)
        try add(today, team: "b", hits: 4)
        try add(BudgetDay(number: today.number - 40), team: "a", hits: 1_000)
        let answer = try spend()
        #expect(answer.status == 200 && answer["content-type"] == "application/json")
        let json = answer.json
        #expect(Set(json.members.keys) == ["from", "to", "time_zone", "group_by", "items", "total"])
        let month = try #require(BudgetWindow.month.days(around: today))
        #expect(json["from"].string == "\(month.lowerBound.text)T00:00:00Z")
        #expect(json["to"].string == "\(today.next.text)T00:00:00Z")
        #expect(json["time_zone"] == "UTC" && json["group_by"] == "team")
        #expect(json["items"].items.map { $0["team"] } == ["a", "b"])
        #expect(json["items"].items.allSatisfy { Set($0.members.keys) == Set(Self.counts + ["team"]) })
        #expect(Set(json["total"].members.keys) == Set(Self.counts))
        #expect(json["items"][0]["saved"].number == 1.5 && json["items"][0]["requests"].int == 3)
        #expect(json["total"]["saved"].number == 3.5 && json["total"]["hits"].int == 7)
    }

    @Test("the member of a grouping has its name, and null is what belongs to none")
    func groups() throws {
        try add(today, hits: 3)
        for (group, name) in [
            ("team", "a"), ("key", "k"), ("model", "m"), ("upstream_key", nil), ("document", nil), ("day", today.text),
        ] as [(String, String?)] {
            let json = try spend("?group_by=\(group)&from=\(today.text)&to=\(today.text)").json
            #expect(json["group_by"].string == group && json["items"].items.count == 1)
            #expect(json["items"][0].members[group] == name.map { .string($0) } ?? .null, "\(group)")
            #expect(json["total"]["hits"].int == 3)
        }
    }

    @Test("by day every day up to today is there, used or not")
    func days() throws {
        try add(today, hits: 3)
        let first = BudgetDay(number: today.number - 3)
        let last = BudgetDay(number: today.number + 5)
        let json = try spend("?group_by=day&from=\(first.text)&to=\(last.text)").json
        #expect(json["items"].items.map { $0["requests"].int } == [0, 0, 0, 3])
        #expect(json["items"][0]["day"].string == first.text)
        let ten = try spend("?group_by=day&from=\(BudgetDay(number: today.number - 3_659).text)")
        #expect(ten.status == 200 && ten.json["items"].items.count == 3_660)
    }

    @Test("as CSV it has a header, quoted names that no spreadsheet evaluates, and the total as the last row")
    func csv() throws {
        let names = ["=1+1", "a,b", "say \"hi\"", "(total)", "\tx", "line\r\nbreak", "-", "m"]
        for (number, name) in names.enumerated() { try add(today, model: name, hits: Int64(number + 1)) }
        let answer = try spend("?group_by=model&format=csv")
        #expect(answer.status == 200 && answer["content-type"] == "text/csv; charset=utf-8")
        let expected = [
            "'\tx,0,0,2.5,5,5,0,0,0,item", "(total),0,0,2,4,4,0,0,0,item", "'-,0,0,3.5,7,7,0,0,0,item",
            "'=1+1,0,0,0.5,1,1,0,0,0,item", "\"a,b\",0,0,1,2,2,0,0,0,item",
            "\"line\r\nbreak\",0,0,3,6,6,0,0,0,item",
            "m,0,0,4,8,8,0,0,0,item", "\"say \"\"hi\"\"\",0,0,1.5,3,3,0,0,0,item",
        ]
        let header = "model,spent,unconfirmed,saved,requests,hits,collapsed,misses,denied,row"
        // In the order of the names, without the apostrophes and quotes that they get here.
        let text = answer.text
        #expect(text.hasPrefix(([header] + expected).joined(separator: "\r\n") + "\r\n"), "\(text)")
        #expect(text.hasSuffix("\r\n(total),0,0,18,36,36,0,0,0,total\r\n"))
        let none = try spend("?group_by=upstream_key&format=csv&from=2020-01-01&to=2020-01-02").text
        let empty = header.replacing("model", with: "upstream_key") + "\r\n(total),0,0,0,0,0,0,0,0,total\r\n"
        #expect(none == empty)
    }

    @Test(
        "what is wrong with a query is a 422 that names the member",
        arguments: [
            ("?group_by=teams", "group_by"), ("?group_by=", "group_by"), ("?format=xml", "format"),
            ("?from=2026-02-30", "from"), ("?from=yesterday", "from"), ("?from=9999-01-01", "from"),
            ("?to=2026-13-01", "to"), ("?from=2026-01-02&to=2026-01-01", "to"), ("?limit=5", "limit"),
            ("?cursor=a", "cursor"), ("?from=2026-01-01&from=2026-01-02", "from"), ("?team=a", "team"),
            ("?group_by=day&from=2000-01-01&to=2020-01-01", "from"),
        ]
    )
    func faults(query: String, member: String) throws {
        let answer = try spend(query)
        #expect(answer.status == 422 && answer.code == "invalid_request")
        #expect(answer.json["message"].string?.hasPrefix("\(member): ") == true, "\(answer.text)")
    }

    @Test("other groupings take periods of any length, and ends as moments")
    func longPeriods() throws {
        try add(today, hits: 3)
        let all = try spend("?from=0001-01-01&to=9999-12-30").json
        #expect(all["total"]["hits"].int == 3 && all["from"].string == "0001-01-01T00:00:00Z")
        let moments = try spend("?from=\(today.text)T12:00:00Z&to=\(today.next.text)T00:00:00%2B00:00").json
        #expect(moments["total"]["hits"].int == 3)
        #expect(moments["from"].string == "\(today.text)T00:00:00Z")
        #expect(moments["to"].string == "\(today.next.text)T00:00:00Z")
    }

    @Test("without a token it is a 401, without the store a 503, and nothing but GET is answered")
    func refusals() throws {
        #expect(try spend(token: "x").status == 401)
        let post = try rooms.answer("POST", "/spend", "{}")
        #expect(post.status == 405 && post["allow"] == "GET, HEAD")
        rooms.store.become(.failing(StoreFault(code: .unavailable, detail: "")))
        let answer = try spend()
        #expect(answer.status == 503 && answer.code == "store_unavailable")
        rooms.store.release()
        #expect(try spend().status == 200)
    }
}
