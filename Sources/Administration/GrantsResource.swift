import Budgeting
import EventLoops
import Forms
import Gateway
import JSON
import Observability
import Registry
import Vocabulary

/// `/admin/v1/teams/{team}/grants`: one-off extra room in a team's budgets, `docs/api.md` §6. Confined to the keeper's
/// loop.
struct GrantsResource {
    private static let reasonCharacters = 200

    let keeper: RegistryKeeper
    let rooms: SharedRooms
    let store: any GrantStore<AuditEntry>
    let back: LoopReturn

    private static let list = "/admin/v1/teams/{team}/grants"
    private static let one = "/admin/v1/teams/{team}/grants/{grant}"

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, Self.list, role: .viewer, handler: list),
            AdminRoute(.post, Self.list, role: .operator, handler: add),
            AdminRoute(.get, Self.one, role: .viewer, handler: show),
            AdminRoute(.delete, Self.one, role: .operator, handler: withdraw),
        ]
    }

    // MARK: Reading

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let page = try request.page()
            let team = try team(request)
            let before = try page.number()
            let then = back.answer(reply) { (grants: [Grant]) in
                reply(.page(grants, limit: page.limit, cursor: { String($0.id) }, json: Self.json))
            }
            // One more than the page holds, to learn whether the list continues.
            store.grants(of: team.id, before: before, atMost: page.limit + 1, then: then)
        } catch {
            reply(AdminReply(error))
        }
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        find(request, reply) { _, grant in reply(.ok(Self.json(grant))) }
    }

    private static func json(_ grant: Grant) -> JSONValue {
        .object([
            ("id", .string(String(grant.id))), ("team", .string(grant.team.rawValue)),
            ("window", .string(grant.window.rawValue)), ("credits", .credits(grant.credits)),
            ("expires_at", .orNull(grant.expiresAt) { .time($0) }), ("ends_at", .orNull(grant.endsAt) { .time($0) }),
            ("in_force", .bool(grant.isOpen(at: SystemClock.wall()))), ("reason", .string(grant.reason)),
            ("actor", .string(grant.actor)), ("created_at", .time(grant.createdAt)),
        ])
    }

    // MARK: Making

    private func add(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            try request.refuseQuery()
            let grant = rooms.makeGrant(try terms(request, for: try team(request)))
            let json = Self.json(grant)
            let then = back.answer(reply) { (answer: GrantAnswer) in
                switch answer {
                case .done:
                    rooms.add(grant)
                    log("grant_added", grant, request)
                    reply(.created(json, location: "/admin/v1/teams/\(grant.team)/grants/\(grant.id)"))
                case .full:
                    let count = "team \(grant.team) has \(GrantLimits.open) grants that have not ended"
                    reply(AdminReply(.conflict("\(count); withdraw some, or raise the budget")))
                }
            }
            store.add(grant, audit: entry("grant.create", grant, request, before: nil, after: json), then: then)
        } catch {
            reply(AdminReply(error))
        }
    }

    private func terms(_ request: AdminRequest, for team: TeamRecord) throws(AdminFault) -> GrantTerms {
        let form = try request.form()
        let window = readWindow(form, of: team)
        let credits = readCredits(form)
        var expiresAt: Timestamp?
        if !form.isNull("expires_at") { form.timestamp("expires_at", into: &expiresAt) }
        if let expiresAt, expiresAt <= SystemClock.wall() { form.fault("expires_at", "must be in the future") }
        let reason = readReason(form)
        try request.finish(form)
        return GrantTerms(
            team: team.id,
            window: window,
            credits: credits,
            expiresAt: expiresAt,
            reason: reason,
            actor: request.changer.name
        )
    }

    private func readWindow(_ form: ObjectReader, of team: TeamRecord) -> BudgetWindow {
        var window: BudgetWindow?
        form.choice("window", into: &window)
        guard let window else {
            if !form.isSet("window") { form.fault("window", "is missing; give day, week, month or total") }
            return .total
        }
        if !team.budgets.contains(where: { $0.window == window }) {
            form.fault("window", "is not the window of any budget of team \(team.id); give it such a budget first")
        }
        return window
    }

    private func readCredits(_ form: ObjectReader) -> MicroCredits {
        let credits = form.credits("credits")
        if !form.isSet("credits") { form.fault("credits", "is missing; give the credits to add") }
        if credits == .zero { form.fault("credits", "must be above 0") }
        return credits ?? .zero
    }

    private func readReason(_ form: ObjectReader) -> String {
        guard form.isSet("reason") else {
            _ = form.take("reason")
            form.fault("reason", "is missing; say why, in 1 to \(Self.reasonCharacters) characters")
            return ""
        }
        guard let reason = form.string("reason") else { return "" }
        if !(1...Self.reasonCharacters).contains(reason.unicodeScalars.count) || reason.allSatisfy(\.isWhitespace) {
            form.fault("reason", "must have 1 to \(Self.reasonCharacters) characters, not spaces alone")
        } else if KeyShape.isFound(in: reason) {
            form.fault("reason", "has what looks like a team's key in it, and it is shown to others")
        }
        return reason
    }

    // MARK: Withdrawing

    private func withdraw(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        find(request, reply) { team, grant in
            let audit = entry("grant.delete", grant, request, before: Self.json(grant), after: nil)
            let then = back.answer(reply) { (isRemoved: Bool) in
                // Another request may have withdrawn it meanwhile.
                guard isRemoved else { return reply(AdminReply(Self.notFound(grant.id, of: team))) }
                rooms.removeGrant(grant.id, of: team)
                log("grant_withdrawn", grant, request)
                reply(.noContent)
            }
            store.removeGrant(grant.id, of: team, audit: audit, then: then)
        }
    }

    // MARK: All

    private func team(_ request: AdminRequest) throws(AdminFault) -> TeamRecord {
        let id = TeamID(rawValue: request.parameters[0])
        guard let team = keeper.registry.team(id)?.record else { throw .notFound("team \(id)") }
        return team
    }

    /// Reads the grant that the path names; replies itself when there is none.
    private func find(
        _ request: AdminRequest,
        _ reply: @escaping (AdminReply) -> Void,
        _ then: @escaping (TeamID, Grant) -> Void
    ) {
        do throws(AdminFault) {
            try request.refuseQuery()
            let team = try team(request).id
            let name = request.parameters[1]
            guard let id: Int64 = AdminRequest.wholeNumber(name) else { throw Self.notFound(name, of: team) }
            let found = back.answer(reply) { (grant: Grant?) in
                guard let grant else { return reply(AdminReply(Self.notFound(name, of: team))) }
                then(team, grant)
            }
            store.grant(id, of: team, then: found)
        } catch {
            reply(AdminReply(error))
        }
    }

    private static func notFound(_ id: some CustomStringConvertible, of team: TeamID) -> AdminFault {
        .notFound("grant \(id) of team \(team)")
    }

    private func entry(
        _ action: String,
        _ grant: Grant,
        _ request: AdminRequest,
        before: JSONValue?,
        after: JSONValue?
    ) -> AuditEntry {
        let actor = request.changer
        return AuditEntry(
            at: SystemClock.wall(),
            actor: actor.name,
            role: actor.role.name,
            action: action,
            target: target(grant),
            address: actor.address,
            before: before?.text,
            after: after?.text
        )
    }

    private func target(_ grant: Grant) -> String { "team/\(grant.team)/grant/\(grant.id)" }

    private func log(_ event: String, _ grant: Grant, _ request: AdminRequest) {
        ProcessLog.info(event, ["actor": request.changer.name, "target": target(grant)])
    }
}
