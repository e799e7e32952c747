public import Synchronization
public import Vocabulary

/// The flights under way, by cache key: the first request for a key leads, requests that join later follow and share
/// its outcome.
///
/// Guarded, in 16 shards of one lock each; no thread holds two. A key has at most one open flight. Its leader holds a
/// permit. Landing the permit removes the flight and returns the tickets of all its members in one step, so every
/// ticket is returned exactly once: it is either in the landed flight, or its owner leads the next one. A leader that
/// may not spend hands its permit on to a follower, which then tries in its turn; the flight stays open meanwhile.
///
/// To spend once, a leader stores its result in the cache **before** it lands, and every new leader checks the cache
/// **once more** before it spends: the previous flight may have landed since the first check.
///
/// What each miss calls is inlinable, so that it is compiled for the tickets that there are.
public final class FlightTable<Ticket: Sendable>: Sendable {
    /// The result of a request to join.
    public enum Joining: ~Copyable, Sendable {
        /// There was no flight: this request leads a new one, and its ticket is the first.
        case leader(FlightPermit<Ticket>)
        /// The ticket is in a flight under way.
        case follower
        /// There is a flight, but no room for a follower; the ticket was not taken.
        case full
    }

    @usableFromInline
    struct Flight {
        @usableFromInline
        let number: UInt64
        /// In the order in which they joined, the leader's first.
        @usableFromInline
        var tickets: [Ticket]
        /// The number of tickets present when the current leader took over. A refusal of the leader may also apply to
        /// these, but never to tickets that joined later.
        var ofLeadersTurn = 1

        @usableFromInline
        init(number: UInt64, tickets: [Ticket]) {
            self.number = number
            self.tickets = tickets
        }
    }

    @usableFromInline
    struct Flights {
        @usableFromInline
        var open: [CacheKey: Flight] = [:]
        @usableFromInline
        var detached: [UInt64: Flight] = [:]  // by number: under way, but no one joins them any more
        @usableFromInline
        var lastNumber: UInt64 = 0
    }

    @usableFromInline
    final class Shard: Sendable {
        @usableFromInline
        let flights = Guarded(Flights())
    }

    @usableFromInline
    let shards = (0..<16).map { _ in Shard() }
    @usableFromInline
    let followersMax: Int
    @usableFromInline
    let followers = Atomic<Int>(0)
    @usableFromInline
    let flightCount = Atomic<Int>(0)
    private let onAbandoned: @Sendable (CacheKey, [Ticket]) -> Void

    /// - Parameters:
    ///   - followersMax: the maximum number of followers over all flights.
    ///   - onAbandoned: called with all tickets, the leader's first, on the thread that dropped a permit without
    ///     landing it. The default traps, since the followers would never be answered.
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
    /// - Parameter ticket: the address to deliver the outcome to; made before any lock is taken, dropped when full.
    @inlinable
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

    @usableFromInline
    enum Boarding { case leader(UInt64), follower, full }

    /// Closes flights to new requests, which then lead flights of their own. Used by a purge: no request that comes
    /// after it may get an older outcome.
    ///
    /// The closed flights continue, and the requests that joined before get their outcome.
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

    /// The current number of flights, detached ones included.
    public var flightsUnderWay: Int { flightCount.load(ordering: .relaxed) }

    /// The current number of followers over all flights.
    public var followersWaiting: Int { followers.load(ordering: .relaxed) }

    /// Removes a flight and returns its tickets.
    @inlinable
    func end(_ key: CacheKey, number: UInt64) -> [Ticket] {
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

    /// Removes the leader from a flight, and with it the tickets of its turn for which `isOut` is true. The flight ends
    /// when no ticket is left.
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

    @inlinable
    func shard(of key: CacheKey) -> Shard { shards[Int(truncatingIfNeeded: key.digest.word3) & 15] }

    @inlinable
    func reserveFollower() -> Bool {
        if followers.add(1, ordering: .relaxed).newValue <= followersMax { return true }
        followers.subtract(1, ordering: .relaxed)
        return false
    }
}

/// The leader's side of a flight: only the holder of the permit spends for its key.
///
/// It is landed once, whatever the outcome. A permit that goes out of scope without landing (its leader vanished
/// through a bug or was torn down) passes its tickets to the table's `onAbandoned`.
public struct FlightPermit<Ticket: Sendable>: ~Copyable, Sendable {
    public let key: CacheKey
    @usableFromInline
    let number: UInt64
    @usableFromInline
    var table: FlightTable<Ticket>?  // nil once the flight has ended

    @usableFromInline
    init(key: CacheKey, number: UInt64, table: FlightTable<Ticket>) {
        self.key = key
        self.number = number
        self.table = table
    }

    /// Ends the flight and returns all its tickets, the leader's first.
    @inlinable
    public consuming func land() -> [Ticket] {
        guard let table else { preconditionFailure("land() on a flight that has landed") }
        self.table = nil
        return table.end(key, number: number)
    }

    /// Removes the ticket of a leader that may not spend, and makes the oldest remaining ticket the leader.
    ///
    /// No other request can lead meanwhile: the flight stays open, and new requests follow.
    ///
    /// - Parameter isOut: called under a lock with each other ticket that was present when the leader took over; true
    ///   if what stopped the leader stops this ticket too.
    /// - Returns: the removed tickets, the leader's first, and the next leader's ticket. `next` is nil when no ticket
    ///   was left; the flight has then ended.
    public mutating func handOn(without isOut: (Ticket) -> Bool) -> (out: [Ticket], next: Ticket?) {
        guard let table else { preconditionFailure("handOn() on a flight that has ended") }
        let (out, next) = table.succeed(key, number: number, isOut: isOut)
        if next == nil { self.table = nil }
        return (out, next)
    }

    deinit { table?.abandon(key, number: number) }
}
