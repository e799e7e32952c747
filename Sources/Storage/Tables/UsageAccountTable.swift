internal import Budgeting
internal import Reporting
import Vocabulary

/// The statements on `usage_accounts`: what was booked to each account at the vendor, by day. Sums end at the greatest
/// number there is, as in `usage`.
enum UsageAccountTable {
    struct Key: Comparable {
        let account: KeyText
        let day: BudgetDay

        init(account: AccountID, day: BudgetDay) {
            self.account = KeyText(account.rawValue)
            self.day = day
        }

        static func < (left: Key, right: Key) -> Bool { (left.account, left.day) < (right.account, right.day) }
    }

    /// Adds spent and unconfirmed credits to a row.
    static func add(_ counts: SpendCounts, to key: Key, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage_accounts (account, day, spent, unconfirmed) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (account, day) DO UPDATE SET
                spent = CASE WHEN excluded.spent > 9223372036854775807 - usage_accounts.spent
                    THEN 9223372036854775807 ELSE usage_accounts.spent + excluded.spent END,
                unconfirmed = CASE WHEN excluded.unconfirmed > 9223372036854775807 - usage_accounts.unconfirmed
                    THEN 9223372036854775807 ELSE usage_accounts.unconfirmed + excluded.unconfirmed END
            """
        )
        statement.bind(key.account.text, at: 1)
        statement.bind(Int64(key.day.number), at: 2)
        statement.bind(counts.spent, at: 3)
        statement.bind(counts.unconfirmed, at: 4)
        try statement.run()
    }

    /// Moves the amounts of a reservation that is resolved.
    static func book(_ resolution: Resolution, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage_accounts (account, day, spent) VALUES (?1, ?2, ?3)
            ON CONFLICT (account, day) DO UPDATE SET
                spent = CASE WHEN excluded.spent > 9223372036854775807 - usage_accounts.spent
                    THEN 9223372036854775807 ELSE usage_accounts.spent + excluded.spent END,
                unconfirmed = CASE WHEN usage_accounts.unconfirmed > ?4 THEN usage_accounts.unconfirmed - ?4 ELSE 0 END
            """
        )
        statement.bind(resolution.reservation.ask.account.rawValue, at: 1)
        statement.bind(Int64(resolution.reservation.day.number), at: 2)
        statement.bind(resolution.credits, at: 3)
        statement.bind(resolution.reservation.estimate, at: 4)
        try statement.run()
    }

    /// Whether anything was ever booked to the account.
    static func has(_ account: AccountID, on connection: StoreConnection) throws -> Bool {
        let statement = try connection.statement("SELECT day FROM usage_accounts WHERE account = ?1 LIMIT 1")
        statement.bind(account.rawValue, at: 1)
        return try !statement.rows(about: "an account's roll-ups") { try $0.integer(at: 0) }.isEmpty
    }

    /// What was booked to the account on these days. Added up here, since a sum in SQL fails where it overflows.
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
