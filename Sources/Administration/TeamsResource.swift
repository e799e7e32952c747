import Forms
import JSON
import Registry
import Vocabulary

/// `/admin/v1/teams`: `docs/api.md` §6. Confined to the keeper's loop.
struct TeamsResource {
    let keeper: RegistryKeeper

    private static let list = "/admin/v1/teams"
    private static let one = "/admin/v1/teams/{team}"

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, Self.list, role: .viewer, handler: list),
            AdminRoute(.post, Self.list, role: .admin, handler: create),
            AdminRoute(.get, Self.one, role: .viewer, handler: show),
            AdminRoute(.patch, Self.one, role: .admin, handler: update),
            AdminRoute(.delete, Self.one, role: .admin, handler: delete),
        ]
    }

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        answer(reply) { () throws(AdminFault) in
            let page = try request.page()
            return .page(page.start(of: keeper.registry.teamIDs), limit: page.limit, cursor: \.rawValue) { id in
                keeper.registry.team(id).map { $0.record.json($0.source) }
            }
        }
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        answer(reply) { () throws(AdminFault) in
            try request.refuseQuery()
            let id = TeamID(rawValue: request.parameters[0])
            guard let (team, source) = keeper.registry.team(id) else { throw .notFound("team \(id)") }
            return .ok(team.json(source))
        }
    }

    private func create(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        change(request, reply) { (registry) throws(AdminFault) in
            let form = try request.form()
            var id = ""
            Identifier.read(form, into: &id)
            var team = TeamRecord(id: TeamID(rawValue: id), name: id, account: AccountID(rawValue: "default"))
            TeamForm.read(form, into: &team, accounts: registry.accounts)
            try request.finish(form)
            return try AdminFault.deciding { () throws(RegistryRefusal) in try registry.creating(team) }
        } answer: { change in
            .created(
                change.after?.json ?? .null,
                location: "/admin/v1/\(change.target.replacing("team/", with: "teams/"))"
            )
        }
    }

    private func update(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let id = TeamID(rawValue: request.parameters[0])
        change(request, reply) { (registry) throws(AdminFault) in
            guard var team = registry.team(id)?.record else { throw .notFound("team \(id)") }
            let form = try request.form()
            if let given = form.string("id"), given != id.rawValue {
                form.fault("id", "cannot be changed; make another team instead")
            }
            TeamForm.read(form, into: &team, accounts: registry.accounts)
            try request.finish(form)
            return try AdminFault.deciding { () throws(RegistryRefusal) in try registry.changing(team) }
        } answer: {
            .ok($0.after?.json ?? .null)
        }
    }

    private func delete(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let id = TeamID(rawValue: request.parameters[0])
        change(request, reply) { (registry) throws(AdminFault) in
            try AdminFault.deciding { () throws(RegistryRefusal) in try registry.deleting(id) }
        } answer: { _ in
            .noContent
        }
    }

    private func change(
        _ request: AdminRequest,
        _ reply: @escaping (AdminReply) -> Void,
        _ decide: @escaping (Registry) throws(AdminFault) -> RegistryChange,
        answer: @escaping (RegistryChange) -> AdminReply
    ) {
        keeper.change(request, reply, decide) { change in change.map(answer) ?? .noContent }
    }
}
