import Caching
import Keying
import Serving
import Vocabulary

/// What a classify request asks, once it was read, and what it holds while it waits. Confined to its exchange.
struct PendingExchange {
    /// What it waits for.
    enum Role { case onlyIfCached, leader, follower }

    var facts: RequestFacts
    let request: ClassifyRequest
    /// The memory that the question takes while it waits.
    let share: ByteShare
    /// The place that the request has among those of its team.
    let place: TeamPlace
    let key: CacheKey
    /// The fingerprint of the body as it was sent, by which an identical one is a hit without being parsed.
    let fingerprint: Fingerprint
    var role: Role
    /// Why the memory cache did not answer it.
    var reason: CacheStatus.ForwardReason
}
