import EventLoops
import Vocabulary

/// The endings whose bookings wait for those of others: each is durable, and a row of `unbooked` says that it is not
/// booked. A lone miss then writes half as many pages, and what many share is written once for all of them.
///
/// Only where one process has the store: nodes that share one must find each other's sums. Confined to the writer's
/// thread, with the connection that it belongs to. The rows of `unbooked` are those of `bookings` after each COMMIT; a
/// transaction either adds to both, or books all of them.
///
/// What reads bookings has them written first: operations that are no endings, lists, copies.
final class UnbookedEndings {
    /// How long they wait at most. Counts of requests come once a second and have them booked, in one transaction and
    /// with the same rows of the sums: without any they would be booked alone.
    static let waitMax = Duration.seconds(2)
    /// How many wait at most.
    static let countMax = 256
    /// What their texts may hold in memory.
    static let textBytesMax = 1 << 20
    /// A group with more endings shares its pages well enough.
    static let groupMax = 8

    private(set) var bookings: [Booking] = []
    /// When the first one came.
    private var since: MonotonicInstant?
    private var textBytes = 0

    /// Of the transaction under way.
    private var added: [Booking] = []
    private var areBooked = false

    /// What is still to be booked in the transaction under way.
    var due: [Booking] { areBooked ? [] : bookings }

    /// Whether so many endings of the transaction under way may wait as well.
    func hasRoom(for count: Int, at now: MonotonicInstant) -> Bool {
        if areBooked || count > Self.groupMax || bookings.count + count > Self.countMax { return false }
        return textBytes <= Self.textBytesMax && since.map { now - $0 < Self.waitMax } ?? true
    }

    /// When they must be booked at last; nil without any.
    var deadline: MonotonicInstant? { since.map { $0 + Self.waitMax } }

    /// Books those that a process left that was killed.
    static func bookLeft(on connection: StoreConnection) throws {
        let left = try UnbookedTable.all(on: connection)
        if left.isEmpty { return }
        connection.unbooked.bookings = left
        try connection.inTransaction { _ in }
    }

    // MARK: A transaction

    func begin() {
        added = []
        areBooked = false
    }

    func add(_ new: [Booking]) { added += new }

    func noteBooked() { areBooked = true }

    /// The transaction is committed.
    func noteCommit(at now: @autoclosure () -> MonotonicInstant) {
        if areBooked {
            bookings = []
            since = nil
            textBytes = 0
        }
        if !added.isEmpty {
            bookings += added
            textBytes = added.reduce(textBytes) { $0 + $1.textBytes }
            if since == nil { since = now() }
        }
        begin()
    }
}
