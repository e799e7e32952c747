import Cryptography
import EventLoops
import Forms
import Gateway
import JSON
import Registry
import Vocabulary

/// `/admin/v1/teams/{team}/keys`: `docs/api.md` §5 and §6. Confined to the keeper's loop.
struct TeamKeysResource {
    let keeper: RegistryKeeper
    let rooms: SharedRooms
    let store: any RegistryStore
    let back: LoopReturn

    private static let list = "/admin/v1/teams/{team}/keys"
    private static let one = "/admin/v1/teams/{team}/keys/{key}"
    private static let graceDefault = Duration.seconds(24 * 3_600)

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, Self.list, role: .viewer, handler: list),
            AdminRoute(.post, Self.list, role: .operator, handler: issue),
            AdminRoute(.get, Self.one, role: .viewer, handler: show),
            AdminRoute(.delete, Self.one, role: .operator, handler: revoke),
            AdminRoute(.post, "\(Self.one)/rotate", role: .operator, handler: rotate),
        ]
    }

    // MARK: Reading

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let page = try request.page()
            let team = TeamID(rawValue: request.parameters[0])
            guard keeper.registry.team(team) != nil else { throw .notFound("team \(team)") }
            // One more than the page holds, to learn whether the list continues.
            let ids = keeper.registry.teamKeyIDs(of: team, after: page.cursor, atMost: page.limit + 1)
            show(ids, reply) { uses in
                .page(ids, limit: page.limit, cursor: \.rawValue) { json($0, uses) }
            }
        } catch {
            reply(AdminReply(error))
        }
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            try request.refuseQuery()
            let (team, id) = names(request)
            _ = try AdminFault.deciding { () throws(RegistryRefusal) in try keeper.registry.key(id, of: team) }
            show([id], reply) { uses in json(id, uses).map { .ok($0) } ?? AdminReply(.notFound("key \(id)")) }
        } catch {
            reply(AdminReply(error))
        }
    }

    /// Reads from the store when the keys were last used, requests of this moment included, and replies with what
    /// `make` builds from that.
    private func show(
        _ ids: [TeamKeyID],
        _ reply: @escaping (AdminReply) -> Void,
        _ make: @escaping ([TeamKeyID: Timestamp]) -> AdminReply
    ) {
        let then = back.callback { (result: Result<[TeamKeyID: Timestamp], StoreFault>) in
            switch result {
            case .success(let uses): reply(make(uses))
            case .failure(let fault): reply(AdminReply(.storeUnavailable(fault)))
            }
        }
        rooms.flushUsage(then: then) { [store] in store.uses(of: ids, then: then) }
    }

    /// Nil when the key no longer exists.
    private func json(_ id: TeamKeyID, _ uses: [TeamKeyID: Timestamp]) -> JSONValue? {
        guard let (record, source) = keeper.registry.teamKey(id) else { return nil }
        guard case .object(let members) = record.json(source, at: SystemClock.wall()) else {
            preconditionFailure("a key that is no object")
        }
        return .object(members + [("last_used_at", .orNull(uses[id]) { .time($0) })])
    }

    private func names(_ request: AdminRequest) -> (TeamID, TeamKeyID) {
        (TeamID(rawValue: request.parameters[0]), TeamKeyID(rawValue: request.parameters[1]))
    }

    // MARK: Changing

    private func issue(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let team = TeamID(rawValue: request.parameters[0])
        let secret = TeamKeySecret.make()
        keeper.change(request, reply) { (registry) throws(AdminFault) in
            let form = try request.form()
            let now = SystemClock.wall()
            var (id, name) = ("", "")
            var notAfter: Timestamp?
            if form.isSet("id") { Identifier.read(form, into: &id) } else { _ = form.take("id") }
            if !form.isNull("name") { form.name("name", into: &name, notEmpty: false) }
            if !form.isNull("not_after") { form.timestamp("not_after", into: &notAfter) }
            if let notAfter, notAfter <= now { form.fault("not_after", "must be in the future") }
            let budgets = BudgetForm.read(form, "budgets")
            try request.finish(form)
            return try AdminFault.deciding { () throws(RegistryRefusal) in
                try registry.issuing(
                    id.isEmpty ? nil : TeamKeyID(rawValue: id),
                    for: team,
                    name: name,
                    notAfter: notAfter,
                    budgets: budgets,
                    secret: secret,
                    at: now
                )
            }
        } answer: { change in
            guard case .teamKey(let key, let source, let now)? = change?.after else {
                preconditionFailure("no key was issued")
            }
            return .created(
                Self.withSecret(key.json(source, at: now), secret.text),
                location: "/admin/v1/teams/\(team)/keys/\(key.id)"
            )
        }
    }

    private func rotate(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let (team, id) = names(request)
        let rotation = KeyRotation(keeper: keeper, team: team, key: id, idempotencyKey: request.idempotencyKey)
        keeper.change(request, reply) { (registry) throws(AdminFault) in
            let form = try request.form()
            var grace = Self.graceDefault
            if !form.isNull("grace") { form.duration("grace", into: &grace, zeroAllowed: true) }
            try request.finish(form)
            return try rotation.decide(registry, grace: grace, at: SystemClock.wall())
        } answer: { change in
            rotation.remember()
            let now = SystemClock.wall()
            let key = keeper.registry.teamKey(id).map { $0.record.json($0.source, at: now) }
            return .ok(Self.withSecret(change?.after?.json ?? key, rotation.secret))
        }
    }

    private func revoke(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let (team, id) = names(request)
        keeper.change(request, reply) { (registry) throws(AdminFault) in
            try AdminFault.deciding { () throws(RegistryRefusal) in
                try registry.revoking(id, of: team, at: SystemClock.wall())
            }
        } answer: { _ in
            .noContent
        }
    }

    /// Adds the secret. Replies that create or rotate a key are the only ones that show it.
    private static func withSecret(_ key: JSONValue?, _ secret: String) -> JSONValue {
        guard case .object(let members)? = key else { preconditionFailure("a key that was changed is not there") }
        return .object([members[0], ("secret", .string(secret))] + members.dropFirst())
    }
}
