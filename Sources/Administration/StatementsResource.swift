import Budgeting
import EventLoops
import Forms
import Gateway
import JSON
import Observability
import Registry
import Reporting
import Vocabulary

/// `/admin/v1/statements`: the vendor's bills beside the ledger, `docs/api.md` §6. Confined to the keeper's loop.
///
/// Bills are for role admin: who could enter any number would make the ledger look right or wrong. The role operator
/// resolves single reservations, which the audit log shows one by one.
struct StatementsResource {
    let keeper: RegistryKeeper
    let rooms: SharedRooms
    let store: any VendorStatementStore<AuditEntry>
    let back: LoopReturn
    /// Called with each bill that was entered.
    let onEntry: (ComparedStatement) -> Void

    private static let list = "/admin/v1/statements"
    private static let one = "/admin/v1/statements/{statement}"

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, Self.list, role: .viewer, handler: list),
            AdminRoute(.post, Self.list, role: .admin, handler: add),
            AdminRoute(.get, Self.one, role: .viewer, handler: show),
            AdminRoute(.delete, Self.one, role: .admin, handler: withdraw),
        ]
    }

    // MARK: Reading

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let page = try request.page()
            let before = try page.number()
            let then = back.answer(reply) { (statements: [ComparedStatement]) in
                reply(.page(statements, limit: page.limit, cursor: { String($0.statement.id) }, json: Self.json))
            }
            // One more than the page holds, to learn whether the list continues.
            store.statements(before: before, atMost: page.limit + 1, then: then)
        } catch {
            reply(AdminReply(error))
        }
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        find(request, reply) { reply(.ok(Self.json($0))) }
    }

    private static func json(_ compared: ComparedStatement) -> JSONValue {
        let (statement, terms) = (compared.statement, compared.statement.terms)
        return .object([
            ("id", .string(String(statement.id))), ("account", .string(terms.account.rawValue)),
            ("from", .string(terms.from)), ("to", .string(terms.to)), ("credits", .credits(terms.credits)),
            ("spent", .credits(compared.spent)), ("unconfirmed", .credits(compared.unconfirmed)),
            ("drift", .credits(compared.drift)), ("created_at", .time(statement.createdAt)),
        ])
    }

    /// As it was entered, for the audit log: what it is compared with changes.
    private static func json(_ statement: VendorStatement) -> JSONValue {
        let terms = statement.terms
        return .object([
            ("id", .string(String(statement.id))), ("account", .string(terms.account.rawValue)),
            ("from", .string(terms.from)), ("to", .string(terms.to)), ("credits", .credits(terms.credits)),
            ("created_at", .time(statement.createdAt)),
        ])
    }

    // MARK: Entering

    private func add(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            try request.refuseQuery()
            let now = SystemClock.wall()
            let terms = try terms(request, at: now)
            let actor = request.changer
            let then = back.answer(reply) { (answer: VendorStatementAnswer) in
                switch answer {
                case .done(let made):
                    let id = made.statement.id
                    ProcessLog.info("statement_entered", ["actor": actor.name, "target": Self.target(id)])
                    onEntry(made)
                    reply(.created(Self.json(made), location: "\(Self.list)/\(id)"))
                case .overlaps(let other): reply(AdminReply(Self.overlap(other)))
                case .unknownAccount:
                    let message = "is no account of an upstream key, and the ledger has nothing of it"
                    reply(AdminReply(.unprocessable("account", message)))
                }
            }
            store.add(
                terms,
                isKnown: keeper.registry.accounts.contains(terms.account),
                at: now,
                audit: { Self.entry("statement.create", $0, at: now, actor, before: nil, after: Self.json($0)) },
                then: then
            )
        } catch {
            reply(AdminReply(error))
        }
    }

    private func terms(_ request: AdminRequest, at now: Timestamp) throws(AdminFault) -> VendorStatementTerms {
        let form = try request.form()
        var account = ""
        if !form.isSet("account") { form.fault("account", "is missing; give an account at the vendor") }
        form.name("account", into: &account)
        let from = end("from", form)
        let to = end("to", form)
        let credits = form.credits("credits")
        if !form.isSet("credits") { form.fault("credits", "is missing; give what the vendor billed") }
        var period: ReportPeriod?
        if let from, let to {
            do throws(ReportPeriod.Fault) {
                period = try ReportPeriod(from: from, to: to, in: rooms.budgetCalendar, now: now)
            } catch {
                let fault = error.formFault
                form.fault(fault.path, fault.message)
            }
        }
        try request.finish(form)
        guard let period, let from, let to, let credits else {
            preconditionFailure("a form without faults lacks a member")
        }
        return VendorStatementTerms(
            account: AccountID(rawValue: account),
            period: period,
            from: Self.given(from),
            to: Self.given(to),
            credits: credits
        )
    }

    private func end(_ name: String, _ form: ObjectReader) -> String? {
        if !form.isSet(name) { form.fault(name, "is missing; give a day like 2026-11-01, or a moment") }
        return form.string(name)
    }

    /// A day as it is, a moment in UTC.
    private static func given(_ text: String) -> String {
        BudgetDay(text) == nil ? Timestamp(rfc3339: text)?.rfc3339 ?? text : text
    }

    private static func overlap(_ other: VendorStatement) -> AdminFault {
        let terms = other.terms
        let name = "statement \(other.id) of account \(terms.account), from \(terms.from) to \(terms.to),"
        return .conflict("\(name) has a day of this period already; withdraw it, or enter the days that it lacks")
    }

    // MARK: Withdrawing

    private func withdraw(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        find(request, reply) { found in
            let statement = found.statement
            let audit = Self.entry(
                "statement.delete",
                statement,
                at: SystemClock.wall(),
                request.changer,
                before: Self.json(statement),
                after: nil
            )
            let then = back.answer(reply) { (isRemoved: Bool) in
                // Another request may have withdrawn it meanwhile.
                guard isRemoved else { return reply(AdminReply(Self.notFound(request))) }
                ProcessLog.info("statement_withdrawn", ["actor": audit.actor, "target": audit.target])
                reply(.noContent)
            }
            store.removeStatement(statement.id, audit: audit, then: then)
        }
    }

    // MARK: All

    /// Reads the statement that the path names; replies itself when there is none.
    private func find(
        _ request: AdminRequest,
        _ reply: @escaping (AdminReply) -> Void,
        _ then: @escaping (ComparedStatement) -> Void
    ) {
        do throws(AdminFault) {
            try request.refuseQuery()
            guard let id: Int64 = AdminRequest.wholeNumber(request.parameters[0]) else { throw Self.notFound(request) }
            let found = back.answer(reply) { (statement: ComparedStatement?) in
                guard let statement else { return reply(AdminReply(Self.notFound(request))) }
                then(statement)
            }
            store.statement(id, then: found)
        } catch {
            reply(AdminReply(error))
        }
    }

    private static func notFound(_ request: AdminRequest) -> AdminFault {
        .notFound("statement \(request.parameters[0].printable)")
    }

    private static func entry(
        _ action: String,
        _ statement: VendorStatement,
        at now: Timestamp,
        _ actor: RegistryKeeper.Actor,
        before: JSONValue?,
        after: JSONValue?
    ) -> AuditEntry {
        AuditEntry(
            at: now,
            actor: actor.name,
            role: actor.role.name,
            action: action,
            target: target(statement.id),
            address: actor.address,
            before: before?.text,
            after: after?.text
        )
    }

    private static func target(_ id: Int64) -> String { "statement/\(id)" }
}
