internal import Budgeting
import Vocabulary

/// The statements on `ledger_floor`, of a store that is a file: no row of the ledger before the floor is reserved.
///
/// So those that are reserved are found among the newest rows, without an index of them, of which each reservation
/// would write a page when it is made and another one when it ends. The floor may be lower than it need be: then more
/// rows are read.
enum LedgerFloorTable {
    static func read(on connection: StoreConnection) throws -> Int64 {
        if let floor = connection.known.ledgerFloor { return floor }
        let statement = try connection.statement("SELECT open_from FROM ledger_floor WHERE id = 0")
        let floors = try statement.rows(about: "the ledger's floor") { try $0.integer(at: 0) }
        guard let floor = floors.first else {
            throw StoreFault(code: .corrupt, detail: "the ledger has no floor")
        }
        return floor
    }

    /// Lowers the floor to a reservation that is about to be made. Identifiers ascend, but those of two workers may
    /// come to the writer in the other order.
    static func admit(_ id: ReservationID, on connection: StoreConnection) throws {
        let floor = try read(on: connection)
        if id.rawValue < floor {
            try set(id.rawValue, on: connection)
        } else {
            connection.known.noteLedgerFloor(floor)
        }
    }

    /// Raises the floor to the first reserved row, or to the newest one if none is reserved. Reads the rows from there
    /// on that are not reserved any more, each of them once or twice in its life.
    static func raise(on connection: StoreConnection) throws {
        let floor = try read(on: connection)
        let statement = try connection.statement(
            """
            SELECT coalesce((SELECT id FROM ledger WHERE id >= ?1 AND state = 0 ORDER BY id LIMIT 1),
                (SELECT max(id) FROM ledger), ?1)
            """
        )
        statement.bind(floor, at: 1)
        let raised = try statement.rows(about: "the ledger") { try $0.integer(at: 0) }.first ?? floor
        if raised != floor { try set(raised, on: connection) }
    }

    private static func set(_ floor: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("UPDATE ledger_floor SET open_from = ?1 WHERE id = 0")
        statement.bind(floor, at: 1)
        try statement.run()
        connection.known.noteLedgerFloor(floor)
    }
}
