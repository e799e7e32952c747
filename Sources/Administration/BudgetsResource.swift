import Budgeting
import EventLoops
import Gateway
import JSON
import Registry
import Vocabulary

/// `/admin/v1/budgets` and `/admin/v1/teams/{team}/budgets`: `docs/api.md` §6. Confined to the keeper's loop.
///
/// What is spent comes from memory, which is what admissions are decided by, so the store need not work.
struct BudgetsResource {
    let keeper: RegistryKeeper
    let rooms: SharedRooms

    private static let one = "/admin/v1/teams/{team}/budgets"

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, "/admin/v1/budgets", role: .viewer, handler: list),
            AdminRoute(.get, Self.one, role: .viewer, handler: show),
            AdminRoute(.put, Self.one, role: .admin, handler: replace),
        ]
    }

    /// Takes the gate's lock for one scope at a time, so that no admission waits for a page.
    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        answer(reply) { () throws(AdminFault) in
            let page = try request.page(also: ["sort"])
            let now = SystemClock.wall()
            switch request.parameter("sort") {
            case nil, "id": break
            case "share": return try byShare(page, now)
            case .some: throw .unprocessable("sort", "must be id or share")
            }
            let list = BudgetScopeList(plan: rooms.budgetPlan)
            // One more than the page holds, to learn whether the list continues.
            let scopes = try list.scopes(after: page.cursor, atMost: page.limit + 1)
            return .page(scopes, limit: page.limit, cursor: BudgetScopeList.cursor) { scope in
                Self.json(rooms.standing(of: scope, at: now))
            }
        }
    }

    private static func json(_ standing: ScopeStanding) -> JSONValue {
        let (kind, id) = standing.scope.names
        return .object([
            ("scope", .string(kind.rawValue)), ("id", kind == .organization ? .null : .string(id)),
            ("budgets", .array(standing.json)),
        ])
    }

    /// The cursor is the number of teams before the page. Shares change between two pages, and with them the order.
    private func byShare(_ page: AdminPage, _ now: Timestamp) throws(AdminFault) -> AdminReply {
        let passed = try page.number() ?? 0
        guard let first = Int(exactly: passed) else { throw .unprocessable("cursor", "is too large") }
        let teams = rooms.budgetPlan.teams.filter { !$1.isEmpty }.keys
        let sorted = BudgetShareOrder.sorted(teams.map { rooms.standing(of: .team($0), at: now) })
        let rest = sorted.enumerated().dropFirst(first)
        return .page(
            rest.prefix(page.limit + 1),
            limit: page.limit,
            cursor: { String($0.offset + 1) },
            json: { Self.json($0.element) }
        )
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        answer(reply) { () throws(AdminFault) in
            try request.refuseQuery()
            let team = TeamID(rawValue: request.parameters[0])
            guard keeper.registry.team(team) != nil else { throw .notFound("team \(team)") }
            return .ok(json(team))
        }
    }

    /// The same change as PATCH of the team with `budgets` alone.
    private func replace(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let id = TeamID(rawValue: request.parameters[0])
        keeper.change(request, reply) { (registry) throws(AdminFault) in
            guard var team = registry.team(id)?.record else { throw .notFound("team \(id)") }
            let form = try request.form()
            if !form.isSet("budgets") {
                form.fault("budgets", "is missing; give the list of budgets, which may be empty")
            }
            team.budgets = BudgetForm.read(form, "budgets")
            try request.finish(form)
            return try AdminFault.deciding { () throws(RegistryRefusal) in try registry.changing(team) }
        } answer: { _ in
            .ok(json(id))
        }
    }

    private func json(_ team: TeamID) -> JSONValue {
        .object([("budgets", .array(rooms.standing(of: .team(team), at: SystemClock.wall()).json))])
    }
}
