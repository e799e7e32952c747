import Vocabulary

/// The generator of one node's reservation identifiers, each greater than all earlier ones. Pure.
///
/// When the clock stands still or goes back, or the 4,096 of a millisecond are used up, it runs ahead of the clock.
struct ReservationIDSequence {
    private let node: Int64
    private var last: Int64

    /// - Parameters:
    ///   - node: 0 to 1,023, unique among the nodes that share a store.
    ///   - last: the greatest existing identifier of any node; at most `ReservationID.greatestFound`.
    init(node: Int, after last: ReservationID?) {
        precondition((0..<1_024).contains(node), "node \(node)")
        precondition(last.map { $0 <= .greatestFound } ?? true, "no identifiers are left")
        self.node = Int64(node)
        self.last = last?.rawValue ?? -1
    }

    mutating func next(at now: Timestamp) -> ReservationID {
        let millisecond = max(ReservationID.smallest(at: now).rawValue, last) >> 22
        let first = millisecond << 22 | node << 12
        if first > last {
            last = first
        } else if last >> 12 == first >> 12, last & 0xFFF < 0xFFF {
            last += 1
        } else {
            last = first + 1 << 22
        }
        return ReservationID(rawValue: last)
    }
}
