import Budgeting
import EventLoops
import Forms
import Gateway
import JSON
import Keying
import Observability
import Registry
import Reporting
import Vocabulary

/// `/admin/v1/ledger`: reservations with how they ended, and the resolution of those that are unconfirmed,
/// `docs/api.md` §6. Confined to the keeper's loop.
struct LedgerResource {
    private static let noteCharacters = 200
    private static let filters: Set<String> = [
        "team", "key", "account", "upstream_key", "document_id", "request_id", "state", "from", "to",
    ]

    let rooms: SharedRooms
    let store: any LedgerRowStore<AuditEntry>
    let back: LoopReturn

    private static let one = "/admin/v1/ledger/{reservation}"

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, "/admin/v1/ledger", role: .viewer, handler: list),
            AdminRoute(.get, Self.one, role: .viewer, handler: show),
            AdminRoute(.post, Self.one + "/resolve", role: .operator, handler: resolve),
        ]
    }

    // MARK: Reading

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            store.rows(try question(request), then: back.answer(reply) { reply(Self.page($0)) })
        } catch {
            reply(AdminReply(error))
        }
    }

    /// The page ends where the store stopped reading, or before the first row that does not fit.
    private static func page(_ page: LedgerPage) -> AdminReply {
        var writer = PageWriter()
        var last: String?
        for row in page.rows {
            guard writer.append(json(row)) else { return writer.reply(next: last) }
            last = String(row.reservation.id.rawValue)
        }
        return writer.reply(next: page.next.map { String($0.rawValue) })
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        find(request, reply) { reply(.ok(Self.json($0))) }
    }

    private func question(_ request: AdminRequest) throws(AdminFault) -> LedgerQuestion {
        let page = try request.page(also: Self.filters)
        var question = LedgerQuestion(count: page.limit)
        question.before = try page.number().map(ReservationID.init(rawValue:))
        question.team = try identifier("team", request).map(TeamID.init(rawValue:))
        question.key = try identifier("key", request).map(TeamKeyID.init(rawValue:))
        question.upstreamKey = try identifier("upstream_key", request).map(UpstreamKeyID.init(rawValue:))
        question.account = try text("account", request).map(AccountID.init(rawValue:))
        question.requestID = try text("request_id", request)
        if let text = request.parameter("document_id") {
            guard let id = DocumentID.canonical(Array(text.utf8)) else {
                throw .unprocessable("document_id", "must be a UUID")
            }
            question.documentID = String(decoding: id, as: UTF8.self)
        }
        if let text = request.parameter("state") {
            guard let state = ReservationState(rawValue: text) else {
                let known = ReservationState.allCases.map(\.rawValue).joined(separator: ", ")
                throw .unprocessable("state", "must be one of \(known)")
            }
            question.state = state
        }
        let range = try request.moments(in: rooms.budgetCalendar)
        (question.from, question.end) = (range.from, range.end)
        return question
    }

    private func identifier(_ name: String, _ request: AdminRequest) throws(AdminFault) -> String? {
        guard let text = request.parameter(name) else { return nil }
        guard Identifier.isSound(text) else {
            throw .unprocessable(name, "must be 1 to 64 letters, digits, dots, hyphens or underscores")
        }
        return text
    }

    private func text(_ name: String, _ request: AdminRequest) throws(AdminFault) -> String? {
        guard let text = request.parameter(name) else { return nil }
        guard (1...128).contains(text.unicodeScalars.count) else {
            throw .unprocessable(name, "must have 1 to 128 characters")
        }
        return text
    }

    private static func json(_ row: LedgerRow) -> JSONValue {
        let (reservation, ask) = (row.reservation, row.reservation.ask)
        return .object([
            ("id", .string(String(reservation.id.rawValue))), ("team", .string(ask.team.rawValue)),
            ("key", .string(ask.key.rawValue)), ("account", .string(ask.account.rawValue)),
            ("upstream_key", .string(ask.upstreamKey.rawValue)), ("document_id", .string(ask.documentID)),
            ("model", .string(ask.model)), ("cache_key", .string("\(ask.cacheKey)")),
            ("request_id", .string(ask.requestID)), ("state", .string(row.state.rawValue)),
            ("estimate", .credits(reservation.estimate)), ("credits", .orNull(row.credits) { .credits($0) }),
            ("created_at", .time(reservation.createdAt)), ("ended_at", .orNull(row.endedAt) { .time($0) }),
        ])
    }

    // MARK: Resolving

    private func resolve(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        find(request, reply) { row in
            do throws(AdminFault) {
                let (credits, note) = try terms(request)
                guard row.state == .unconfirmed else { throw Self.notUnconfirmed(row, row.state) }
                let resolution = Resolution(of: row.reservation, credits: credits, at: SystemClock.wall())
                resolve(row, resolution, note, request, reply)
            } catch {
                reply(AdminReply(error))
            }
        }
    }

    private func resolve(
        _ row: LedgerRow,
        _ resolution: Resolution,
        _ note: String?,
        _ request: AdminRequest,
        _ reply: @escaping (AdminReply) -> Void
    ) {
        let resolved = Self.json(row.resolved(by: resolution))
        let audit = entry(row, resolved, note, at: resolution.resolvedAt, request)
        rooms.hold(resolution)
        let then = back.callback { (result: Result<ResolutionAnswer, StoreFault>) in
            switch result {
            case .success(.done):
                rooms.resolve(resolution)
                ProcessLog.info("reservation_resolved", ["actor": audit.actor, "target": audit.target])
                reply(.ok(resolved))
            case .success(.notUnconfirmed(let state)):
                // Another request has resolved it meanwhile.
                rooms.withdraw(resolution)
                reply(AdminReply(Self.notUnconfirmed(row, state)))
            case .success(.missing):
                rooms.withdraw(resolution)
                reply(AdminReply(Self.notFound(request)))
            case .failure(let fault):
                rooms.withdraw(resolution)
                reply(AdminReply(.storeUnavailable(fault)))
            }
        }
        store.resolve(resolution, audit: audit, then: then)
    }

    private func terms(_ request: AdminRequest) throws(AdminFault) -> (credits: MicroCredits, note: String?) {
        let form = try request.form()
        let credits = form.credits("credits")
        if !form.isSet("credits") { form.fault("credits", "is missing; give what the vendor charged, 0 for nothing") }
        var note: String?
        if !form.isNull("note"), let text = form.string("note") {
            note = text
            if !(1...Self.noteCharacters).contains(text.unicodeScalars.count) || text.allSatisfy(\.isWhitespace) {
                form.fault("note", "must have 1 to \(Self.noteCharacters) characters, not spaces alone")
            } else if KeyShape.isFound(in: text) {
                form.fault("note", "has what looks like a team's key in it, and it is shown to others")
            }
        }
        try request.finish(form)
        return (credits ?? .zero, note)
    }

    /// The row before and after; with the note, which is kept here only.
    private func entry(
        _ row: LedgerRow,
        _ resolved: JSONValue,
        _ note: String?,
        at now: Timestamp,
        _ request: AdminRequest
    ) -> AuditEntry {
        let actor = request.changer
        var after = resolved
        if let note, case .object(let members) = resolved { after = .object(members + [("note", .string(note))]) }
        return AuditEntry(
            at: now,
            actor: actor.name,
            role: actor.role.name,
            action: "reservation.resolve",
            target: "reservation/\(row.reservation.id.rawValue)",
            address: actor.address,
            before: Self.json(row).text,
            after: after.text
        )
    }

    private static func notUnconfirmed(_ row: LedgerRow, _ state: ReservationState) -> AdminFault {
        .conflict(
            "reservation \(row.reservation.id.rawValue) is \(state.rawValue); only an unconfirmed one can be resolved, once"
        )
    }

    // MARK: Both

    /// Reads the row that the path names; replies itself when there is none.
    private func find(
        _ request: AdminRequest,
        _ reply: @escaping (AdminReply) -> Void,
        _ then: @escaping (LedgerRow) -> Void
    ) {
        do throws(AdminFault) {
            try request.refuseQuery()
            guard let id: Int64 = AdminRequest.wholeNumber(request.parameters[0]) else { throw Self.notFound(request) }
            let found = back.answer(reply) { (row: LedgerRow?) in
                guard let row else { return reply(AdminReply(Self.notFound(request))) }
                then(row)
            }
            store.row(ReservationID(rawValue: id), then: found)
        } catch {
            reply(AdminReply(error))
        }
    }

    private static func notFound(_ request: AdminRequest) -> AdminFault {
        .notFound("reservation \(request.parameters[0].printable)")
    }
}

extension AdminRequest {
    /// The moments from `from` to `to` of the query: days of the calendar, or moments.
    func moments(in calendar: BudgetCalendar) throws(AdminFault) -> MomentRange {
        do throws(ReportPeriod.Fault) {
            return try MomentRange(from: parameter("from"), to: parameter("to"), in: calendar)
        } catch {
            throw AdminFault(error)
        }
    }
}
