import Synchronization
public import Vocabulary

/// The requests under way, by key: who comes first leads, who comes while it lasts follows and gets its outcome.
///
/// Guarded, in 16 shards of one lock each; no thread holds two. A key has at most one open flight. Its leader holds a
/// permit; landing it removes the flight and hands over the tickets of all who joined, in one step, so that every
/// ticket is handed over exactly once: a ticket is in the flight that is landed, or its owner leads the next one.
///
/// To spend once, a leader stores its result in the cache **before** it lands, and whoever becomes a leader looks into
/// the cache **once more** before it spends: the flight it just missed may have landed since it looked first.
public final class FlightTable<Ticket: Sendable>: Sendable {
    /// What became of a request that asked to join.
    public enum Joining: ~Copyable, Sendable {
        /// There was no flight: this request leads one, in which its own ticket is the first.
        case leader(FlightPermit<Ticket>)
        /// The ticket is in a flight under way.
        case follower
        /// There is a flight, but no room for a follower; the ticket was not taken.
        case full
        /// There is no flight, and the request may not lead one; the ticket was not taken.
        case refused
    }

    private struct Flight {
        var number: UInt64
        var tickets: [Ticket]
    }

    private struct Flights {
        var open: [CacheKey: Flight] = [:]
        var detached: [UInt64: Flight] = [:]  // by number: under way, but no one joins them any more
        var lastNumber: UInt64 = 0
    }

    private final class Shard: Sendable {
        let flights = Guarded(Flights())
    }

    private let shards = (0..<16).map { _ in Shard() }
    private let followersMax: Int
    private let followers = Atomic<Int>(0)
    private let flightCount = Atomic<Int>(0)
    private let onAbandoned: @Sendable (CacheKey, [Ticket]) -> Void

    /// - Parameters:
    ///   - followersMax: how many followers all flights together may have.
    ///   - onAbandoned: called with all tickets, the leader's first, on the thread where a permit was dropped without
    ///     landing. Without it a dropped permit traps, since nobody would answer its followers.
    public init(
        followersMax: Int,
        onAbandoned: @escaping @Sendable (CacheKey, [Ticket]) -> Void = { key, _ in
            preconditionFailure("the flight \(key) was abandoned, and its followers have no one to answer them")
        }
    ) {
        self.followersMax = followersMax
        self.onAbandoned = onAbandoned
    }

    /// Leads a flight for this key, or joins the one under way.
    ///
    /// - Parameters:
    ///   - ticket: by which the outcome finds its way; made before any lock is taken, dropped when full.
    ///   - mayLead: asked, once, when there is no flight to join. It runs under a lock of this table, so that nobody
    ///     opens a flight meanwhile, and may take a lock that is never held while this table is called.
    public func join(
        _ key: CacheKey,
        ticket: @autoclosure () -> Ticket,
        mayLead: () -> Bool = { true }
    ) -> Joining {
        let ticket = ticket()
        let leading = shard(of: key).flights.withLock { flights -> Boarding in
            if flights.open[key] != nil {
                guard reserveFollower() else { return .full }
                flights.open[key]!.tickets.append(ticket)
                return .follower
            }
            guard mayLead() else { return .refused }
            flights.lastNumber += 1
            flights.open[key] = Flight(number: flights.lastNumber, tickets: [ticket])
            return .leader(flights.lastNumber)
        }
        switch leading {
        case .full: return .full
        case .refused: return .refused
        case .follower: return .follower
        case .leader(let number):
            flightCount.add(1, ordering: .relaxed)
            return .leader(FlightPermit(key: key, number: number, table: self))
        }
    }

    private enum Boarding { case leader(UInt64), follower, full, refused }

    /// Closes flights to newcomers, who will lead new ones: for a purge, after which no older outcome may be given out.
    ///
    /// The flights go on, and those who joined before get their outcome.
    ///
    /// - Parameter predicate: called under a lock with each flight's key and its leader's ticket.
    public func detach(where predicate: (CacheKey, Ticket) -> Bool) {
        for shard in shards {
            shard.flights.withLock { flights in
                for (key, flight) in flights.open where predicate(key, flight.tickets[0]) {
                    flights.open[key] = nil
                    flights.detached[flight.number] = flight
                }
            }
        }
    }

    /// How many flights there are at this moment, detached ones included.
    public var flightsUnderWay: Int { flightCount.load(ordering: .relaxed) }

    /// How many followers all flights have at this moment.
    public var followersWaiting: Int { followers.load(ordering: .relaxed) }

    /// Takes a flight out and gives its tickets.
    fileprivate func end(_ key: CacheKey, number: UInt64) -> [Ticket] {
        let flight = shard(of: key).flights.withLock { flights -> Flight in
            if let flight = flights.open[key], flight.number == number {
                flights.open[key] = nil
                return flight
            }
            guard let flight = flights.detached.removeValue(forKey: number) else {
                preconditionFailure("flight \(number) ended twice")
            }
            return flight
        }
        followers.subtract(flight.tickets.count - 1, ordering: .relaxed)
        flightCount.subtract(1, ordering: .relaxed)
        return flight.tickets
    }

    fileprivate func abandon(_ key: CacheKey, number: UInt64) {
        onAbandoned(key, end(key, number: number))
    }

    private func shard(of key: CacheKey) -> Shard { shards[Int(truncatingIfNeeded: key.word3) & 15] }

    private func reserveFollower() -> Bool {
        if followers.add(1, ordering: .relaxed).newValue <= followersMax { return true }
        followers.subtract(1, ordering: .relaxed)
        return false
    }
}

/// The leader's side of a flight: whoever holds it is the only one who spends for its key.
///
/// It is landed once, with an outcome of whatever kind. A permit that goes out of scope without landing (its leader
/// vanished by a bug or by being torn down) hands its tickets to the table's `onAbandoned`.
public struct FlightPermit<Ticket: Sendable>: ~Copyable, Sendable {
    public let key: CacheKey
    private let number: UInt64
    private var table: FlightTable<Ticket>?  // nil once landed

    fileprivate init(key: CacheKey, number: UInt64, table: FlightTable<Ticket>) {
        self.key = key
        self.number = number
        self.table = table
    }

    /// Ends the flight and gives the tickets of all who are in it, the leader's first.
    public consuming func land() -> [Ticket] {
        guard let table else { preconditionFailure("land() on a flight that has landed") }
        self.table = nil
        return table.end(key, number: number)
    }

    deinit { table?.abandon(key, number: number) }
}
