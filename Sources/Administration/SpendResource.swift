import EventLoops
import Gateway
import JSON
import Reporting
import Vocabulary

/// `GET /admin/v1/spend`: where the credits of a period went, `docs/api.md` §6. Confined to the loop.
struct SpendResource {
    private enum Format: String, CaseIterable { case json, csv }

    let rooms: SharedRooms
    let store: any SpendStore
    let check: StoreCheck
    let back: LoopReturn

    var routes: [AdminRoute] { [AdminRoute(.get, "/admin/v1/spend", role: .viewer, handler: report)] }

    /// The store must be able to write: otherwise recent counts are missing, and a report without them would look
    /// whole.
    private func report(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            try request.checkQuery(["from", "to", "group_by", "format"])
            let grouping: SpendGrouping = try choice("group_by", of: request) ?? .team
            let format: Format = try choice("format", of: request) ?? .json
            let zone = rooms.timeZone
            let now = SystemClock.wall()
            let period: ReportPeriod
            do throws(ReportPeriod.Fault) {
                let (from, to) = (request.parameter("from"), request.parameter("to"))
                period = try ReportPeriod(from: from, to: to, in: zone.calendar, now: now)
            } catch {
                throw AdminFault(error)
            }
            if grouping == .day, period.dayCount > SpendReport.daysMax {
                let limit = "must be at most \(SpendReport.daysMax) days before to when group_by is day"
                throw .unprocessable("from", limit)
            }
            let view = SpendView(timeZone: zone.name, calendar: zone.calendar)
            let today = zone.calendar.day(of: now)
            ask(grouping, period) { items in
                let report = SpendReport(grouping, over: period, items: items, today: today)
                switch format {
                case .json: return .ok(view.json(of: report), contentType: "application/json")
                case .csv: return .ok(SpendCSV.text(of: report), contentType: "text/csv; charset=utf-8")
                }
            } then: { result in
                switch result {
                case .success(let answer): reply(answer)
                case .failure(let fault): reply(AdminReply(.storeUnavailable(fault)))
                }
            }
        } catch {
            reply(AdminReply(error))
        }
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of request: AdminRequest
    ) throws(AdminFault) -> Choice? {
        guard let text = request.parameter(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .unprocessable(name, "must be one of \(words)")
        }
        return choice
    }

    /// Asks the store once it has the counts of this moment.
    ///
    /// - Parameters:
    ///   - write: makes the answer, on the store's thread: a long report must not hold the loop.
    ///   - then: called once, in the loop.
    private func ask(
        _ grouping: SpendGrouping,
        _ period: ReportPeriod,
        write: @escaping @Sendable ([SpendReport.Item]) -> AdminReply,
        then: @escaping (Result<AdminReply, StoreFault>) -> Void
    ) {
        check.ask { [rooms, store, back] result in
            if case .failure(let fault) = result { return then(.failure(fault)) }
            let answer = back.callback(then)
            rooms.flushUsage(then: answer) {
                store.spend(by: grouping, over: period.days) { answer($0.map(write)) }
            }
        }
    }
}
