import Forms
import Registry
import Vocabulary

/// Reads the teams and their keys. Confined to one reading.
final class TeamsReader {
    let surroundings: Surroundings
    /// The accounts that some upstream key of the file has; none when no key could be read.
    private let accounts: Set<AccountID>
    private(set) var accountsElsewhere: [AccountElsewhere] = []

    init(surroundings: Surroundings, accounts: Set<AccountID>) {
        self.surroundings = surroundings
        self.accounts = accounts
    }

    func read(_ entries: [ObjectReader]) -> [GatewayConfiguration.TeamEntry] {
        var identifiers = Set<TeamID>()
        var keyIdentifiers = Set<String>()
        return entries.map { entry in
            let team = readTeam(entry, &keyIdentifiers)
            if !team.record.id.rawValue.isEmpty, !identifiers.insert(team.record.id).inserted {
                entry.fault("id", "stands twice; give each team its own")
            }
            return team
        }
    }

    private func readTeam(
        _ entry: ObjectReader,
        _ keyIdentifiers: inout Set<String>
    ) -> GatewayConfiguration.TeamEntry {
        defer { entry.finish() }
        var id = ""
        Identifier.read(entry, into: &id)
        let account = AccountID(rawValue: "default")
        let record = TeamRecord(id: TeamID(rawValue: id), name: id, account: account)
        var team = GatewayConfiguration.TeamEntry(record: record)
        TeamForm.read(entry, into: &team.record, accounts: [])
        if !accounts.isEmpty, !accounts.contains(team.record.account) {
            accountsElsewhere.append(AccountElsewhere(path: entry.path("account"), account: team.record.account))
        }
        for keyEntry in entry.objects("keys", atMost: FormLimits.teamKeys) ?? [] {
            let key = readKey(keyEntry)
            if !key.id.isEmpty, !keyIdentifiers.insert(key.id).inserted {
                keyEntry.fault("id", "stands twice; key ids are unique over all teams")
            }
            surroundings.claim(key.secret, at: keyEntry.path("secret"))
            team.keys.append(key)
        }
        return team
    }

    private func readKey(_ entry: ObjectReader) -> GatewayConfiguration.TeamKeyEntry {
        defer { entry.finish() }
        var key = GatewayConfiguration.TeamKeyEntry()
        Identifier.read(entry, into: &key.id)
        if let secret = entry.secret("secret", in: surroundings) {
            if secret.bytes.count < 16 {
                entry.fault("secret", "must have 16 or more visible ASCII characters")
            } else {
                key.secret = secret
            }
        }
        entry.timestamp("not_after", into: &key.notAfter)
        key.budgets = BudgetForm.read(entry, "budgets")
        return key
    }
}
