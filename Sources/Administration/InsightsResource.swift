import Budgeting
import EventLoops
import Gateway
import JSON
import Reporting
import Vocabulary

/// `/admin/v1/insights`: what was paid for more than once and why, `docs/api.md` §6. Confined to the loop.
struct InsightsResource {
    let rooms: SharedRooms
    let store: any InsightStore
    let back: LoopReturn

    var routes: [AdminRoute] {
        [AdminRoute(.get, "/admin/v1/insights", role: .viewer, handler: show)]
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            try request.checkQuery(["from", "to", "team"])
            let calendar = rooms.budgetCalendar
            let period = try period(request, calendar)
            let team = try team(request)
            let first = calendar.start(of: period.days.lowerBound)
            let end = calendar.start(of: period.days.upperBound)
            let then = back.callback { (result: Result<InsightReport, StoreFault>) in
                switch result {
                case .success(let report): reply(.ok(Self.json(report, from: first, to: end)))
                case .failure(let fault): reply(AdminReply(.storeUnavailable(fault)))
                }
            }
            let range = ReservationID.smallest(at: first)..<ReservationID.smallest(at: max(first, end))
            store.insights(over: range, team: team, then: then)
        } catch {
            reply(AdminReply(error))
        }
    }

    private func period(_ request: AdminRequest, _ calendar: BudgetCalendar) throws(AdminFault) -> ReportPeriod {
        let (from, to) = (request.parameter("from"), request.parameter("to"))
        do throws(ReportPeriod.Fault) {
            return try ReportPeriod(from: from, to: to, in: calendar, now: SystemClock.wall())
        } catch {
            throw AdminFault(error)
        }
    }

    /// A team that no longer exists may have paid, so any name is taken.
    private func team(_ request: AdminRequest) throws(AdminFault) -> TeamID? {
        guard let team = request.parameter("team") else { return nil }
        guard !team.isEmpty else { throw .unprocessable("team", "must be a team's id, or absent") }
        return TeamID(rawValue: team)
    }

    // MARK: The answer

    private static func json(_ report: InsightReport, from: Timestamp, to: Timestamp) -> JSONValue {
        .object([
            ("from", .time(from)), ("to", .time(to)), ("items", .array(report.items.map(json))),
            ("total", json(report.total)), ("unexplained", json(report.unexplained)),
            ("unknown", json(report.unknown)),
        ])
    }

    private static func json(_ sum: InsightReport.Sum) -> JSONValue {
        .object([("credits", .credits(sum.credits)), ("requests", .integer(sum.requests))])
    }

    private static func json(_ item: InsightReport.Item) -> JSONValue {
        let group = item.group
        return .object([
            ("reason", .string(group.reason.rawValue)),
            ("teams", .array([.string(group.firstTeam.rawValue), .string(group.team.rawValue)])),
            ("credits", .credits(group.sum.credits)), ("requests", .integer(group.sum.requests)),
            ("examples", .array(item.examples.map(json))),
        ])
    }

    private static func json(_ example: InsightReport.Example) -> JSONValue {
        .object([
            ("document_id", .string(example.documentID)), ("first", .orNull(example.first, json)),
            ("again", json(example.again)), ("differs", .array(example.differences.map(json))),
            ("differs_more", .integer(example.moreDifferences)),
        ])
    }

    private static func json(_ entry: InsightReport.Entry) -> JSONValue {
        .object([
            ("id", .string(String(entry.id.rawValue))), ("team", .string(entry.team.rawValue)),
            ("at", .time(entry.createdAt)), ("request_id", .string(entry.requestID)),
            ("credits", .credits(entry.credits)), ("unconfirmed", .bool(entry.isUnconfirmed)),
        ])
    }

    private static func json(_ difference: QuestionDifference) -> JSONValue {
        let text = { (text: String?) in JSONValue.orNull(text) { .string($0) } }
        return .object([
            ("part", .string(difference.part.rawValue)), ("label", text(difference.label)),
            ("member", text(difference.member)), ("first", text(difference.first)),
            ("again", text(difference.again)),
        ])
    }
}
