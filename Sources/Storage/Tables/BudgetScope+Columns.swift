internal import Budgeting
import Vocabulary

/// A scope as two columns of a table: `scope` and `scope_id`.
extension BudgetScope {
    var columns: (kind: String, id: String) {
        switch self {
        case .organization: ("organization", "")
        case .team(let team): ("team", team.rawValue)
        case .key(let key): ("key", key.rawValue)
        case .upstreamKey(let key): ("upstream_key", key.rawValue)
        }
    }

    /// Nil for a kind that no version has written.
    init?(kind: String, id: String) {
        switch kind {
        case "organization": self = .organization
        case "team": self = .team(TeamID(rawValue: id))
        case "key": self = .key(TeamKeyID(rawValue: id))
        case "upstream_key": self = .upstreamKey(UpstreamKeyID(rawValue: id))
        default: return nil
        }
    }
}
