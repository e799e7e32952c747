import Forms
import Keying
import Vocabulary

/// Reads the teams and their keys.
struct TeamsReader {
    let surroundings: Surroundings
    /// The accounts that some upstream key has.
    let accounts: Set<String>

    func read(_ entries: [ObjectReader]) -> [GatewayConfiguration.TeamEntry] {
        var identifiers = Set<String>()
        var keyIdentifiers = Set<String>()
        return entries.map { entry in
            let team = readTeam(entry, &keyIdentifiers)
            if !team.id.isEmpty, !identifiers.insert(team.id).inserted {
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
        var team = GatewayConfiguration.TeamEntry()
        Identifier.read(entry, into: &team.id)
        team.name = team.id
        entry.string("name", into: &team.name)
        entry.string("account", into: &team.account)
        if !accounts.isEmpty, !accounts.contains(team.account) {
            entry.fault("account", "is not the account of any upstream key; correct it or add a key of that account")
        }
        for keyEntry in entry.objects("keys") ?? [] {
            let key = readKey(keyEntry)
            if !key.id.isEmpty, !keyIdentifiers.insert(key.id).inserted {
                keyEntry.fault("id", "stands twice; key ids are unique over all teams")
            }
            surroundings.claim(key.secret, at: keyEntry.path("secret"))
            team.keys.append(key)
        }
        team.budgets = BudgetsReader.read(entry, "budgets")
        team.requestsPerSecondMillionths = entry.millionths("requests_per_second")
        if entry.isSet("max_concurrency") {
            var limit = 1
            entry.integer("max_concurrency", into: &limit, 1...1_000_000)
            team.concurrencyMax = limit
        } else {
            _ = entry.take("max_concurrency")
        }
        team.models = entry.strings("models")
        if entry.isSet("cache_scope") {
            var scope = GatewayConfiguration.Cache.Scope.organization
            entry.choice("cache_scope", into: &scope)
            team.cacheScope = scope
        } else {
            _ = entry.take("cache_scope")
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
        key.budgets = BudgetsReader.read(entry, "budgets")
        return key
    }
}

/// Reads a list of budgets.
enum BudgetsReader {
    static func read(_ reader: ObjectReader, _ name: String) -> [GatewayConfiguration.BudgetEntry] {
        var windows = Set<String>()
        return (reader.objects(name) ?? []).map { entry in
            let budget = readBudget(entry)
            // A window that could not be read is told already.
            guard case .string(budget.window.rawValue)? = entry.take("window") else { return budget }
            // A shadow budget may stand beside an enforced one: to try a limit out.
            if !windows.insert("\(budget.window) \(budget.isEnforced)").inserted {
                entry.fault("window", "stands twice; give one budget for each window, and one with enforce false")
            }
            return budget
        }
    }

    private static func readBudget(_ entry: ObjectReader) -> GatewayConfiguration.BudgetEntry {
        defer { entry.finish() }
        var budget = GatewayConfiguration.BudgetEntry()
        if entry.isSet("window") {
            entry.choice("window", into: &budget.window)
        } else {
            _ = entry.take("window")
            entry.fault("window", "is missing; give day, week, month or total")
        }
        if let credits = entry.credits("credits") {
            budget.credits = credits
        } else if !entry.isSet("credits") {
            entry.fault("credits", "is missing; give the limit in credits")
        }
        for (index, value) in (entry.array("alert_at") ?? []).enumerated() {
            guard case .number(let text) = value, let share = MicroCredits(jsonNumber: text.utf8), share.micros > 0,
                share.micros <= 10_000_000
            else {
                entry.report.fault("\(entry.path("alert_at"))[\(index)]", "must be a share of the limit, like 0.8")
                continue
            }
            budget.alertAtMillionths.append(share.micros)
        }
        entry.bool("enforce", into: &budget.isEnforced)
        return budget
    }
}
