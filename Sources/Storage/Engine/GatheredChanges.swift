import EventLoops
import Vocabulary

/// What the operations of a transaction leave to be done together: gathered while they run, and written once, right
/// before the COMMIT.
///
/// Many requests share the rows of sums. Written one by one, a row would be locked from the first operation of a group
/// to the COMMIT, and two nodes would lock the same rows in different orders. So each table has its changes written in
/// the order of its key, and all tables in one order. And what endings must know is asked together, since each answer
/// of a database server is a round trip.
struct GatheredChanges {
    /// In the order in which they were asked for.
    var endings: [GatheredEnding] = []
    var sums = SumChanges()
    /// Of the balances of budgets, where the store keeps them.
    var balances = BalanceChanges()
    /// Where several nodes share the store.
    var flights = FlightChanges()
    /// The node that the balances are those of; nil for this one.
    var node: Int64?

    /// What other nodes are told, and entries of the audit log.
    var feed = FeedChanges()

    /// Whether there is nothing to write before the COMMIT is near.
    var isEmptyButForFeed: Bool {
        endings.isEmpty && sums.isEmpty && balances.isEmpty && flights.isEmpty
    }

    /// Writes all of it but the feed. In the transaction that they belong to.
    ///
    /// - Parameter waits: whether bookings may wait for those of later transactions.
    func write(on connection: StoreConnection, waits: Bool) throws {
        let isEmpty = isEmptyButForFeed
        let waits = waits && (isEmpty || mayWait(connection))
        let earlier = waits ? [] : connection.unbooked.due
        if isEmpty && earlier.isEmpty { return }
        let group = EndingGroup(endings, connection.isShared ? connection.shared : nil)
        if waits {
            try writeEndings(group, on: connection)
        } else {
            try write(group, earlier, on: connection)
        }
    }

    /// Whether there is nothing but a few endings.
    private func mayWait(_ connection: StoreConnection) -> Bool {
        !connection.isShared && sums.isEmpty
            && connection.unbooked.hasRoom(for: endings.count, at: SystemClock.sinceBoot())
    }

    /// Writes endings whose bookings wait.
    private func writeEndings(_ group: EndingGroup, on connection: StoreConnection) throws {
        try group.end(on: connection)
        _ = try group.findRepeated(on: connection)
        // Only now is it known whether there was a result before the one that was paid for.
        var undecided = KeyedList<CacheKey, Void>()
        for booking in group.bookings {
            if let key = booking.undecidedKey { undecided.set((), for: key) }
        }
        try group.lookUpResults(undecided, on: connection)
        try group.write(on: connection)
        var waiting: [Booking] = []
        for var booking in group.bookings where !booking.isEmpty {
            if let key = booking.undecidedKey { booking = booking.knowing(isResultThere: group.stored.contains(key)) }
            try UnbookedTable.add(booking, on: connection)
            waiting.append(booking)
        }
        try keepSchemas(of: waiting, on: connection)
        connection.unbooked.add(waiting)
    }

    /// Keeps the texts of schemas that are new: no booking of the next process has them.
    private func keepSchemas(of waiting: [Booking], on connection: StoreConnection) throws {
        let new = waiting.compactMap { booking -> QuestionParts? in
            guard let parts = booking.paid?.question.parts, !connection.known.isKept(parts.schema) else { return nil }
            return parts
        }
        if new.isEmpty { return }
        let schemas = SchemaPlaces()
        for parts in new { try schemas.lookUp(parts, on: connection) }
        for parts in new { schemas.keep(parts) }
        try schemas.write(on: connection)
        for parts in new { connection.known.noteKept(parts.schema) }
    }

    /// Writes endings with all that they come to.
    ///
    /// - Parameter earlier: bookings that have waited for it.
    private func write(_ group: EndingGroup, _ earlier: [Booking], on connection: StoreConnection) throws {
        let bookings = BookingGroup()
        try group.end(on: connection)
        // Also on behalf of those that may have ended before.
        for booking in earlier { try bookings.lookUp(booking.ending, on: connection) }
        for ending in endings { try bookings.lookUp(ending.ending, on: connection) }
        var booked = sums
        for booking in earlier { booked.add(booking.ending) }
        // As if none had ended before, which is rarely wrong: so that everything is asked at once.
        var sums = booked
        for ending in endings { sums.add(ending.ending) }
        let places = try SumPlaces(for: sums, connection)
        try connection.receive()
        if try group.findRepeated(on: connection) {
            sums = booked
            for ending in group.ended { sums.add(ending.ending) }
        }
        bookings.arrange(earlier + group.bookings)
        try group.lookUpResults(bookings.undecided, on: connection)
        var (flights, balances) = (flights, balances)
        if connection.isShared {
            for ending in group.ended {
                flights.add(ending, connection.shared)
                balances.add(ending)
            }
        }
        if !flights.isEmpty { try connection.link.write(flights) }
        if !balances.isEmpty { try connection.link.write(balances, of: node) }
        try group.write(on: connection)
        try bookings.write(stored: group.stored, on: connection)
        try sums.write(places, on: connection)
        if !earlier.isEmpty {
            try UnbookedTable.removeAll(on: connection)
            connection.unbooked.noteBooked()
        }
        // Counts come once a second while there are requests.
        if connection.hasLedgerFloor, !earlier.isEmpty || !self.sums.isEmpty {
            try LedgerFloorTable.raise(on: connection)
        }
    }
}
