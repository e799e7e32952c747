import Vocabulary

/// The row of `nodes` that a process has: its number, and the incarnation that no other process of the number had.
struct NodeSeat: Sendable, Equatable {
    let number: Int64
    let incarnation: Int64
    /// The beat that the row was given when it was taken.
    let beat: Int64

    /// How long after its last transaction a node is taken for alive.
    static let lease = Duration.seconds(10)
    static let leaseMicroseconds: Int64 = 10_000_000
    /// How often the lease is renewed while nothing is written.
    static let beatInterval = Duration.seconds(2)
}

/// The process has lost its row: its lease was over, and it was taken for dead, or the database has lost commits.
/// Nothing that it knows can be relied on.
struct SeatLost: Error {
    let detail: String

    var fault: StoreFault { StoreFault(code: .unavailable, detail: detail) }
}
