import Vocabulary

/// Whether a node may declare others dead. Pure.
///
/// While the database was away nobody could renew a lease. The first who reaches it again would find all others
/// overdue, and declare dead those who are about to come back. So a node that has not seen the database for a while
/// waits for as long as a lease: a node that lives has renewed it by then.
struct NodeJudge {
    /// Looks are two seconds apart.
    static let gapMax = Duration.seconds(5)

    private var lastLook: MonotonicInstant
    private var judgesFrom: MonotonicInstant

    /// - Parameter joinedAt: when it took its seat, after a sweep of all that was over.
    init(joinedAt: MonotonicInstant) {
        lastLook = joinedAt
        judgesFrom = joinedAt
    }

    /// Notes that the nodes were seen.
    ///
    /// - Returns: whether those who are over may be declared dead now.
    mutating func look(at now: MonotonicInstant) -> Bool {
        if now - lastLook > Self.gapMax { judgesFrom = now + NodeSeat.lease }
        lastLook = now
        return now >= judgesFrom
    }
}
