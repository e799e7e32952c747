public import Authentication
public import Budgeting
public import UpstreamKeys
public import Vocabulary

/// The settings that other modules work with, made from the registry.
extension Registry {
    /// The team as request handling sees it.
    public func team(of record: TeamRecord) -> Team {
        Team(
            id: record.id,
            name: record.name,
            account: record.account,
            cacheScopeIsTeam: (record.cacheScope ?? file.cacheScope) == .team,
            limits: record.limits
        )
    }

    /// One entry for each valid secret of a key: the current one, and replaced ones in their grace period. Empty for a
    /// key that is revoked or whose team does not exist.
    public func directoryKeys(of id: TeamKeyID, team: (TeamID) -> Team?) -> [TeamKey] {
        guard let key = teamKey(id)?.record, key.revokedAt == nil, let team = team(key.team) else { return [] }
        let present = TeamKey(id: id, team: team, secretDigest: key.secretDigest, notAfter: key.notAfter)
        return [present]
            + key.retiring.map { secret in
                let end = key.notAfter.map { min($0, secret.until) } ?? secret.until
                return TeamKey(id: id, team: team, secretDigest: secret.digest, notAfter: end)
            }
    }

    /// All digests under which a directory may have the key.
    public func digests(of id: TeamKeyID) -> [Digest] {
        guard let key = teamKey(id)?.record else { return [] }
        return [key.secretDigest] + key.retiring.map(\.digest)
    }

    /// All teams and keys, the file's first: if two keys have the same secret, the file's counts.
    public func directory() -> TeamDirectory {
        var teams: [TeamID: Team] = [:]
        for id in teamIDs { teams[id] = self.team(id).map { team(of: $0.record) } }
        let stored = storedTeamKeys.keys.filter { fileTeamKeys[$0] == nil }
        let ids = file.teamKeys.map(\.id) + stored
        return TeamDirectory(
            teams: teamIDs.compactMap { teams[$0] },
            keys: ids.flatMap { directoryKeys(of: $0) { teams[$0] } }
        )
    }

    /// The file's plan with the budgets of all teams and keys that have any: where no team has, none is looked up.
    public func budgetPlan(_ plan: BudgetPlan) -> BudgetPlan {
        var plan = plan
        plan.teams = [:]
        plan.keys = [:]
        plan.upstreamKeys = [:]
        for id in teamIDs {
            guard let budgets = team(id)?.record.budgets, !budgets.isEmpty else { continue }
            plan.teams[id] = budgets
        }
        for id in Set(fileTeamKeys.keys).union(storedTeamKeys.keys) {
            guard let budgets = teamKey(id)?.record.budgets, !budgets.isEmpty else { continue }
            plan.keys[id] = budgets
        }
        for id in upstreamKeyIDs { plan.upstreamKeys[id] = upstreamKey(id)?.entry.monthlyCredits }
        return plan
    }

    /// The upstream keys with the operators' rulings applied.
    public var upstreamKeys: [UpstreamKey] { upstreamKeyIDs.compactMap { upstreamKey($0)?.entry.key } }

    /// The budgets of one scope; empty if it does not exist.
    public func budgets(of scope: BudgetScope) -> [Budget] {
        switch scope {
        case .organization: []
        case .team(let id): team(id)?.record.budgets ?? []
        case .key(let id): teamKey(id)?.record.budgets ?? []
        case .upstreamKey(let id):
            upstreamKey(id)?.entry.monthlyCredits.map { [Budget(window: .month, limit: $0, isEnforced: true)] } ?? []
        }
    }
}
