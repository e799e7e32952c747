import Budgeting
import Registry
import Vocabulary

/// What the writes of a change affect, and so what the rooms must be told.
struct RegistryScope {
    private(set) var teams: [TeamID] = []
    private(set) var hasUpstreamKeys = false
    /// Whether a ruling affects a key of the file.
    private(set) var hasFileKeys = false
    /// Vendor keys whose state, as learned from replies, is to be forgotten.
    private(set) var enabledKeys: [UpstreamKeyID] = []
    private(set) var teamKeys: [TeamKeyID] = []
    private(set) var budgetScopes: [BudgetScope] = []

    mutating func add(_ write: RegistryWrite) {
        switch write {
        case .saveTeam(let team): addTeam(team.id)
        case .removeTeam(let id): addTeam(id)
        case .saveTeamKey(let key):
            teamKeys.append(key.id)
            budgetScopes.append(.key(key.id))
        case .saveUpstreamKey(let key): addUpstreamKey(key.id)
        case .removeUpstreamKey(let id): addUpstreamKey(id)
        case .enableUpstreamKey(let id): enabledKeys.append(id)
        case .saveRuling(let ruling): addRuling(ruling.subject)
        case .removeRuling(let subject): addRuling(subject)
        case .saveReceipt: break
        }
    }

    private mutating func addTeam(_ id: TeamID) {
        teams.append(id)
        budgetScopes.append(.team(id))
    }

    private mutating func addUpstreamKey(_ id: UpstreamKeyID) {
        hasUpstreamKeys = true
        budgetScopes.append(.upstreamKey(id))
    }

    private mutating func addRuling(_ subject: KeyRuling.Subject) {
        switch subject {
        case .teamKey(let id):
            hasFileKeys = true
            teamKeys.append(id)
        case .upstreamKey: hasUpstreamKeys = true
        }
    }
}
