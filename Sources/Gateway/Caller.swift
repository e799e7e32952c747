import Authentication
import Budgeting
import Cryptography
import JSON
import Keying
import Observability
import Vocabulary

/// The holder of one team key, with everything its requests need that depends only on the key. Confined to its worker;
/// made once per key, worker and configuration.
final class Caller {
    let key: TeamKey
    /// The key's number in its worker's `RequestTrail`.
    let number: UInt32
    /// What the team's requests on this worker came to, for operators.
    let counts: TeamCounts
    /// Those of `counts`.
    let usualHits: HitCells
    /// The part of the team's cache keys that does not come from the body.
    let scope: KeyScope
    /// The hash that fingerprints the team's bodies as they were sent.
    let bodyHash: KeyedHash
    /// The members of a log line with team and key, as JSON.
    let logMembers: [UInt8]
    /// Reads what is left in the budgets that apply to the key.
    let meter: BudgetMeter
    let throttle: TeamThrottle
    /// Counts the key's requests on this worker, by outcome.
    let tally: UsageTally

    var team: Team { key.team }

    /// - Parameter secret: the secret of the process, for `bodyHash`.
    init(
        _ key: TeamKey,
        number: UInt32,
        counts: TeamCounts,
        secret: [UInt8],
        meter: BudgetMeter,
        throttle: TeamThrottle
    ) {
        self.key = key
        self.number = number
        self.counts = counts
        usualHits = counts.usualHits
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
