import Budgeting
import Vocabulary

/// The scopes that have budgets, in the order of the list: the organization, teams, keys, upstream keys, each kind by
/// identifier. Short-lived; it holds the plan's tables.
struct BudgetScopeList {
    private typealias Kind = BudgetScope.Kind

    let plan: BudgetPlan

    /// The scopes behind a cursor: `organization`, `team:ID`, `key:ID` or `upstream_key:ID`.
    ///
    /// - Parameters:
    ///   - cursor: nil to start at the first.
    ///   - count: the maximum number of scopes.
    func scopes(after cursor: String?, atMost count: Int) throws(AdminFault) -> [BudgetScope] {
        var kinds = Kind.allCases[...]
        var id: String?
        if let cursor {
            let parts = cursor.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.map(String.init) ?? ""
            guard let kind = Kind(rawValue: name), (kind == .organization) == (parts.count == 1) else {
                throw .unprocessable("cursor", "must be the next_cursor of the page before")
            }
            kinds = kinds.drop { $0 != kind }
            id = parts.count == 1 ? "" : String(parts[1])
        }
        var found: [BudgetScope] = []
        for kind in kinds {
            found += scopes(kind, after: id, atMost: count - found.count)
            id = nil
        }
        return found
    }

    private func scopes(_ kind: Kind, after id: String?, atMost count: Int) -> [BudgetScope] {
        switch kind {
        case .organization: id == nil && count > 0 && !plan.organization.isEmpty ? [.organization] : []
        case .team:
            plan.teams.lazy.filter { !$1.isEmpty }.map(\.key).least(count, after: id).map { .team($0) }
        case .key: plan.keys.lazy.filter { !$1.isEmpty }.map(\.key).least(count, after: id).map { .key($0) }
        case .upstreamKey: plan.upstreamKeys.keys.least(count, after: id).map { .upstreamKey($0) }
        }
    }

    /// The cursor of the page that follows this scope.
    static func cursor(_ scope: BudgetScope) -> String {
        let (kind, id) = scope.names
        return kind == .organization ? kind.rawValue : "\(kind.rawValue):\(id)"
    }
}

extension Sequence where Element: RawRepresentable<String> {
    /// The first identifiers of the sorted sequence behind `cursor`, without sorting all of them.
    fileprivate func least(_ count: Int, after cursor: String?) -> [Element] {
        var least: [Element] = []
        guard count > 0 else { return [] }
        for element in self {
            let id = element.rawValue
            if let cursor, id <= cursor { continue }
            if least.count == count, let last = least.last, last.rawValue <= id { continue }
            var (low, high) = (0, least.count)
            while low < high {
                let middle = (low + high) / 2
                if least[middle].rawValue < id { low = middle + 1 } else { high = middle }
            }
            if least.count == count { least.removeLast() }
            least.insert(element, at: low)
        }
        return least
    }
}
