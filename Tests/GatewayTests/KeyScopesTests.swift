import Authentication
import Keying
import Testing
import Vocabulary

@testable import Gateway

@Suite("Scopes of cache keys")
struct KeyScopesTests {
    private func team(_ id: String, account: String = "default", isAlone: Bool = false) -> Team {
        Team(
            id: TeamID(rawValue: id),
            name: id,
            account: AccountID(rawValue: account),
            cacheScopeIsTeam: isAlone
        )
    }

    @Test("teams of one account share a scope unless theirs is the team; accounts never share")
    func sharing() {
        let teams = [
            team("a"), team("b"), team("c", isAlone: true), team("d", isAlone: true), team("e", account: "other"),
        ]
        let scopes = KeyScopes(TeamDirectory(teams: teams, keys: []))
        let found = teams.map { scopes.find($0).scope }
        #expect(found[0] == found[1])
        #expect(Set([found[0], found[2], found[3], found[4]]).count == 4)
    }

    @Test("a team that the newest configuration does not have keeps its scope")
    func formerTeam() {
        let former = team("a", isAlone: true)
        let scopes = KeyScopes(TeamDirectory(teams: [team("a", isAlone: true)], keys: []))
        #expect(scopes.find(former).scope == KeyScope(account: former.account, team: former.id))
    }
}
