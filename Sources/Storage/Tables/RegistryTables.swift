internal import Registry
import Vocabulary

/// The tables of teams and keys taken together.
enum RegistryTables {
    static func apply(_ write: RegistryWrite, on connection: StoreConnection) throws {
        connection.announce(.registry)
        switch write {
        case .saveTeam(let team): try TeamTable.save(team, on: connection)
        case .removeTeam(let team): try TeamTable.remove(team, on: connection)
        case .saveTeamKey(let key): try TeamKeyTable.save(key, on: connection)
        case .saveUpstreamKey(let key): try StoredUpstreamKeyTable.save(key, on: connection)
        case .removeUpstreamKey(let key):
            try StoredUpstreamKeyTable.remove(key, on: connection)
            try UpstreamKeyUseTable.remove(key, on: connection)
        case .enableUpstreamKey(let key):
            try UpstreamKeyTable.remove(key, on: connection)
            connection.announce(.upstreamKey(key))
        case .saveRuling(let ruling): try RulingTable.save(ruling, on: connection)
        case .removeRuling(let subject): try RulingTable.remove(subject, on: connection)
        case .saveReceipt(let receipt, let now): try ReceiptTable.save(receipt, now: now, on: connection)
        }
    }

    /// All that they have, as of one moment; only those receipts that have not expired.
    static func rows(at now: Timestamp, on connection: StoreConnection) throws -> RegistryRows {
        try connection.beginReading()
        defer { connection.rollBack() }
        let budgets = try RegistryBudgetTable.budgets(on: connection)
        var rows = RegistryRows()
        rows.stamp = try connection.link.feedHead()
        rows.teams = try TeamTable.teams(budgets: budgets, on: connection)
        rows.teamKeys = try TeamKeyTable.keys(budgets: budgets, on: connection)
        rows.upstreamKeys = try StoredUpstreamKeyTable.keys(on: connection)
        rows.rulings = try RulingTable.rulings(on: connection)
        rows.receipts = try ReceiptTable.receipts(at: now, on: connection)
        return rows
    }
}
