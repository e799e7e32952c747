import Vocabulary

/// What the operations of a transaction leave to be done together: gathered while they run, and written once, right before
/// the COMMIT.
///
/// Many requests share the rows of sums. Written one by one, a row would be locked from the first operation of a group to
/// the COMMIT, and two nodes would lock the same rows in different orders. So each table has its changes written in the
/// order of its key, and all tables in one order. And what endings must know is asked together, since each answer of a
/// database server is a round trip.
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
    private var isEmptyButForFeed: Bool {
        endings.isEmpty && sums.isEmpty && balances.isEmpty && flights.isEmpty
    }

    /// Writes all of it but the feed. In the transaction that they belong to.
    func write(on connection: StoreConnection) throws {
        if isEmptyButForFeed { return }
        let group = EndingGroup(endings, connection.isShared ? connection.shared : nil)
        try group.end(on: connection)
        try group.lookUp(on: connection)
        // As if none had ended before, which is rarely wrong: so that everything is asked at once.
        var sums = sums
        for ending in endings { sums.add(ending.ending) }
        let places = try SumPlaces(for: sums, connection)
        try connection.receive()
        if try group.findRepeated(on: connection) {
            sums = self.sums
            for ending in group.ended { sums.add(ending.ending) }
        }
        try group.lookUpResults(on: connection)
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
        try sums.write(places, on: connection)
    }
}
