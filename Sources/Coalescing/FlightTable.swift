import Synchronization
public import Vocabulary

/// The requests under way, by key: who comes first leads, who comes while it lasts follows and gets its outcome.
///
/// Guarded, in 16 shards of one lock each; no thread holds two. A key has at most one open flight. Its leader holds a
/// permit; landing it removes the flight and hands over the tickets of all who joined, in one step, so that every
/// ticket is handed over exactly once: a ticket is in the flight that is landed, or its owner leads the next one. A leader
/// that may not spend hands its permit on to a follower, who is asked in its turn; the flight stays open over that.
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
    }

    private struct Flight {
        let number: UInt64
        /// In the order in which they joined, the leader's first.
        var tickets: [Ticket]
        /// How many of them were there when the leader's turn came: what is decided about the leader may be decided about
        /// these, and about nobody who has come since.
        var ofLeadersTurn = 1
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
    /// - Parameter ticket: by which the outcome finds its way; made before any lock is taken, dropped when full.
    public func join(_ key: CacheKey, ticket: @autoclosure () -> Ticket) -> Joining {
        let ticket = ticket()
        let boarding = shard(of: key).flights.withLock { flights -> Boarding in
            if flights.open[key] != nil {
                guard reserveFollower() else { return .full }
                flights.open[key]!.tickets.append(ticket)
                return .follower
            }
            flights.lastNumber += 1
            flights.open[key] = Flight(number: flights.lastNumber, tickets: [ticket])
            return .leader(flights.lastNumber)
        }
        switch boarding {
        case .full: return .full
        case .follower: return .follower
        case .leader(let number):
            flightCount.add(1, ordering: .relaxed)
            return .leader(FlightPermit(key: key, number: number, table: self))
        }
    }

    private enum Boarding { case leader(UInt64), follower, full }

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

    /// Takes the leader out of a flight and with it those of its turn that `isOut` names; without any ticket left, the
    /// flight ends.
    fileprivate func succeed(_ key: CacheKey, number: UInt64, isOut: (Ticket) -> Bool) -> (out: [Ticket], next: Ticket?)
    {
        let (out, next) = shard(of: key).flights.withLock { flights -> ([Ticket], Ticket?) in
            let isOpen = flights.open[key]?.number == number
            guard var flight = isOpen ? flights.open[key] : flights.detached[number] else {
                preconditionFailure("flight \(number) was handed on after its end")
            }
            let turn = flight.tickets.prefix(flight.ofLeadersTurn)
            let out = turn.prefix(1) + turn.dropFirst().filter(isOut)
            let rest = turn.dropFirst().filter { !isOut($0) } + flight.tickets.dropFirst(flight.ofLeadersTurn)
            flight.tickets = rest
            flight.ofLeadersTurn = rest.count
            let left = rest.isEmpty ? nil : flight
            if isOpen { flights.open[key] = left } else { flights.detached[number] = left }
            return (Array(out), rest.first)
        }
        followers.subtract(next == nil ? out.count - 1 : out.count, ordering: .relaxed)
        if next == nil { flightCount.subtract(1, ordering: .relaxed) }
        return (out, next)
    }

    fileprivate func abandon(_ key: CacheKey, number: UInt64) {
        onAbandoned(key, end(key, number: number))
    }

    private func shard(of key: CacheKey) -> Shard { shards[Int(truncatingIfNeeded: key.digest.word3) & 15] }

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
    private var table: FlightTable<Ticket>?  // nil once the flight has ended

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

    /// Takes the leader's ticket out of the flight, since it may not spend, and makes the oldest one that is left lead.
    ///
    /// Nobody else comes to lead meanwhile: the flight stays open, and newcomers follow.
    ///
    /// - Parameter isOut: called under a lock with each further ticket that was there when the leader's turn came: true for
    ///   one that what stopped the leader stops as well.
    /// - Returns: what was taken out, the leader's first, and whose turn it is; `next` is nil when nobody was left, and
    ///   then the flight has ended.
    public mutating func handOn(without isOut: (Ticket) -> Bool) -> (out: [Ticket], next: Ticket?) {
        guard let table else { preconditionFailure("handOn() on a flight that has ended") }
        let (out, next) = table.succeed(key, number: number, isOut: isOut)
        if next == nil { self.table = nil }
        return (out, next)
    }

    deinit { table?.abandon(key, number: number) }
}
