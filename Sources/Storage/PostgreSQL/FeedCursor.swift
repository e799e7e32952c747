import Vocabulary

/// How far a node has read the feed, and which rows of it concern the node. Pure.
///
/// A node passes its own rows over, for what it did is in its memory already. The states of upstream keys are an
/// exception: a state of another node's may be taken over while one of its own, decided before, is on its way to the
/// store and will replace it there. So for some seconds after another node's row about a key the node follows its own
/// rows about it as well, and what is remembered at last is what the store has.
struct FeedCursor: Equatable {
    /// More than a state takes to be stored.
    static let contest = Duration.seconds(30)

    /// The number of the last row that was taken into account.
    private(set) var last: Int64
    private let node: Int64
    /// Upstream keys about which another node has said something, and until when that may meet the node's own word.
    private var contested: [UpstreamKeyID: MonotonicInstant] = [:]

    /// - Parameter head: the greatest number as the node joined.
    init(node: Int64, head: Int64) {
        self.node = node
        last = head
    }

    /// Rows that should be there are missing.
    struct Gap: Error, Equatable {
        let expected: Int64
        let found: Int64
    }

    /// What concerns the node, each announcement once, with the number of its last row.
    ///
    /// - Parameter rows: those behind `last`, in their order.
    mutating func take(_ rows: [FeedRow], at now: MonotonicInstant) throws(Gap) -> [(Announcement, number: Int64)] {
        contested = contested.filter { $0.value > now }
        var taken: [(Announcement, number: Int64)] = []
        for row in rows {
            // Numbers are given without a gap, under a lock that is held until the COMMIT.
            let expected = last.saturatingAdd(1)
            guard row.number == expected else { throw Gap(expected: expected, found: row.number) }
            last = expected
            guard let announcement = row.announcement, concerns(announcement, of: row.node, at: now) else { continue }
            taken.removeAll { $0.0 == announcement }
            taken.append((announcement, row.number))
        }
        return taken
    }

    private mutating func concerns(_ announcement: Announcement, of other: Int64, at now: MonotonicInstant) -> Bool {
        guard case .upstreamKey(let key) = announcement else { return other != node }
        if other != node {
            contested[key] = now + Self.contest
            return true
        }
        return contested[key] != nil
    }
}
