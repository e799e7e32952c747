import Authentication
import Keying
import Vocabulary

/// For every team, what goes into its cache keys beside the body, made once per configuration. Immutable.
struct KeyScopes {
    struct Entry {
        let scope: KeyScope
        let prefix: ScopePrefix
    }

    private let entries: [ObjectIdentifier: Entry]

    init(_ teams: TeamDirectory) {
        var entries: [ObjectIdentifier: Entry] = [:]
        for team in teams.teams {
            let scope = KeyScope(account: team.account, team: team.cacheScopeIsTeam ? team.id : nil)
            entries[ObjectIdentifier(team)] = Entry(scope: scope, prefix: ScopePrefix(scope))
        }
        self.entries = entries
    }

    /// The scope of a team of the directory that this was made from.
    func find(_ team: Team) -> Entry {
        entries[ObjectIdentifier(team)] ?? KeyScopes.make(team)
    }

    /// A request that was authenticated before a reload keeps its team, which the new configuration may not have.
    private static func make(_ team: Team) -> Entry {
        let scope = KeyScope(account: team.account, team: team.cacheScopeIsTeam ? team.id : nil)
        return Entry(scope: scope, prefix: ScopePrefix(scope))
    }
}
