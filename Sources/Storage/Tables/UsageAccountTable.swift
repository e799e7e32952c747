internal import Budgeting
import Vocabulary

/// The statements on `usage_accounts`: what was booked to each account at the vendor, by day. Sums end at the greatest
/// number there is, as in `usage`.
enum UsageAccountTable {
    /// Adds how a reservation ended to its day.
    static func book(_ ending: ReservationEnding, on connection: StoreConnection) throws {
        let (spent, unconfirmed) = ending.amounts
        if spent == .zero, unconfirmed == .zero { return }
        let statement = try connection.statement(
            """
            INSERT INTO usage_accounts (account, day, spent, unconfirmed) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (account, day) DO UPDATE SET
                spent = min(spent + excluded.spent, 9223372036854775807),
                unconfirmed = min(unconfirmed + excluded.unconfirmed, 9223372036854775807)
            """
        )
        statement.bind(ending.reservation.ask.account.rawValue, at: 1)
        statement.bind(Int64(ending.reservation.day.number), at: 2)
        statement.bind(spent, at: 3)
        statement.bind(unconfirmed, at: 4)
        try statement.run()
    }

    /// Moves the amounts of a reservation that is resolved.
    static func book(_ resolution: Resolution, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage_accounts (account, day, spent) VALUES (?1, ?2, ?3)
            ON CONFLICT (account, day) DO UPDATE SET
                spent = min(spent + excluded.spent, 9223372036854775807),
                unconfirmed = max(unconfirmed - ?4, 0)
            """
        )
        statement.bind(resolution.reservation.ask.account.rawValue, at: 1)
        statement.bind(Int64(resolution.reservation.day.number), at: 2)
        statement.bind(resolution.credits, at: 3)
        statement.bind(resolution.reservation.estimate, at: 4)
        try statement.run()
    }

    /// Books what a crash left reserved, before `LedgerTable.recover` makes it unconfirmed.
    static func bookOpen(on connection: StoreConnection) throws {
        try connection.run(
            """
            INSERT INTO usage_accounts (account, day, unconfirmed)
            SELECT account, day, estimate FROM ledger WHERE state = 0
            ON CONFLICT (account, day)
            DO UPDATE SET unconfirmed = min(unconfirmed + excluded.unconfirmed, 9223372036854775807)
            """
        )
    }

    /// Whether anything was ever booked to the account.
    static func has(_ account: AccountID, on connection: StoreConnection) throws -> Bool {
        let statement = try connection.statement("SELECT 1 FROM usage_accounts WHERE account = ?1 LIMIT 1")
        defer { statement.reset() }
        statement.bind(account.rawValue, at: 1)
        return try statement.step()
    }

    /// What was booked to the account on these days. Added up here, since SQLite's sum fails where it overflows.
    static func sums(
        of account: AccountID,
        over days: Range<BudgetDay>,
        on connection: StoreConnection
    ) throws -> (spent: MicroCredits, unconfirmed: MicroCredits) {
        let statement = try connection.statement(
            "SELECT spent, unconfirmed FROM usage_accounts WHERE account = ?1 AND day >= ?2 AND day < ?3"
        )
        statement.bind(account.rawValue, at: 1)
        statement.bind(Int64(days.lowerBound.number), at: 2)
        statement.bind(Int64(days.upperBound.number), at: 3)
        var (spent, unconfirmed) = (MicroCredits.zero, MicroCredits.zero)
        try statement.forEachRow(about: "an account's roll-ups") { row in
            spent = spent.saturatingAdd(try row.credits(at: 0))
            unconfirmed = unconfirmed.saturatingAdd(try row.credits(at: 1))
        }
        return (spent, unconfirmed)
    }
}
