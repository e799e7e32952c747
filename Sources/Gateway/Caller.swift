import Authentication
import Budgeting
import Cryptography
import JSON
import Keying
import Observability
import Vocabulary

/// Whoever shows one team key, with all that each of its requests needs and that only follows from the key. Confined
/// to its worker; made once per key, worker and configuration.
final class Caller {
    let key: TeamKey
    /// What goes into the team's cache keys beside the body.
    let scope: KeyScope
    /// The hash by which the team's bodies are known as they were sent.
    let bodyHash: KeyedHash
    /// The members of a log line that name team and key, as JSON.
    let logMembers: [UInt8]
    /// What is left in the budgets that concern the key.
    let meter: BudgetMeter
    let throttle: TeamThrottle
    /// What became of the key's requests on this worker.
    let tally: UsageTally

    var team: Team { key.team }

    /// - Parameter secret: of the process, for `bodyHash`.
    init(_ key: TeamKey, secret: [UInt8], meter: BudgetMeter, throttle: TeamThrottle) {
        self.key = key
        self.meter = meter
        self.throttle = throttle
        scope = KeyScope(account: key.team.account, team: key.team.cacheScopeIsTeam ? key.team.id : nil)
        bodyHash = scope.bodyHash(secret: secret)
        tally = UsageTally(key)
        var line = JSONLine()
        line.member("team", key.team.id.rawValue)
        line.member("key", key.id.rawValue)
        logMembers = line.bytes
    }
}
