import Vocabulary

/// What the operations of a transaction add to sums: gathered while they run, and written once, right before the COMMIT.
///
/// Many requests share the rows of sums. Written one by one, a row would be locked from the first operation of a group to
/// the COMMIT, and two nodes would lock the same rows in different orders. So each table has its changes written in the
/// order of its key, and all tables in one order.
struct GatheredChanges {
    /// Of the balances of budgets, where the store keeps them.
    var balances = BalanceChanges()
    /// Where several nodes share the store.
    var flights = FlightChanges()

    /// Adds what further operations came to.
    mutating func add(_ other: GatheredChanges) {
        balances.add(other.balances)
        flights.add(other.flights)
    }

    /// Writes all of it. In the transaction that they belong to.
    func write(on connection: StoreConnection) throws {
        if !flights.isEmpty { try connection.link.write(flights) }
        if !balances.isEmpty { try connection.link.write(balances) }
    }
}
