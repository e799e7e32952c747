import GRDB
import Vocabulary

/// Whether the sums that budgets and reports are made of agree with the ledger and with each other.
///
/// What an ending comes to is in the sums, or its row of the ledger is one of `unbooked`, so they agree in every file
/// that was committed by this program. Rows of the ledger may have been removed since (`store.ledger_retention`); the
/// sums stay.
enum StoreSums {
    /// Sums over many rows are made of whole credits and rest, which cannot overflow alone.
    private static func parts(_ column: String) -> String {
        ["/", "%"].map { "CAST(coalesce(sum(\(column) \($0) 1000000), 0) AS BIGINT)" }.joined(separator: ", ")
    }

    static let byTeam = "SELECT team, \(parts("spent")), \(parts("unconfirmed")) FROM usage GROUP BY team"

    /// What is not in the sums yet.
    static let unbookedByTeam = """
        SELECT team, \(parts("CASE state WHEN 3 THEN NULL ELSE credits END")), \(parts("CASE state WHEN 3 THEN estimate END"))
        FROM ledger WHERE id IN (SELECT id FROM unbooked) GROUP BY team
        """

    /// What the parts in two columns come to.
    static func amount(_ row: Row, _ index: Int) -> MicroCredits {
        let whole = Int64.fromDatabaseValue(row[index]) ?? 0
        let rest = Int64.fromDatabaseValue(row[index + 1]) ?? 0
        return MicroCredits(micros: whole.saturatingMultiply(1_000_000).saturatingAdd(rest))
    }

    private struct Place: Hashable, Comparable {
        /// Empty for all accounts.
        let account: String
        let day: Int64

        static func < (left: Place, right: Place) -> Bool {
            (left.day, left.account) < (right.day, right.account)
        }
    }

    private typealias Sums = [Place: StoreSurvey.Credits]

    /// Some days less than the least `store.ledger_retention`, for the calendar of the budgets.
    private static let retentionDaysMin: Int64 = 88

    /// How many faults are told.
    private static let faultsMax = 10

    /// What does not agree, a line each; none when all does.
    ///
    /// - Parameter version: of the schema: what it does not have is not compared.
    static func faults(_ database: Database, schema version: Int) throws -> [String] {
        var faults: [String] = []
        if version >= 9 {
            let days = try sums(database, "SELECT '', day, \(both) FROM usage GROUP BY day")
            let documents = try sums(database, "SELECT '', day, \(both) FROM usage_documents GROUP BY day")
            faults += differences(days, documents, "the sums by team", "the sums by document") { _ in true }
        }
        if version >= 11 {
            let days = try sums(database, "SELECT '', day, \(both) FROM usage GROUP BY day")
            let accounts = try sums(database, "SELECT '', day, \(both) FROM usage_accounts GROUP BY day")
            faults += differences(days, accounts, "the sums by team", "the sums by account") { _ in true }
            faults += try ledgerFaults(database, schema: version)
        }
        if version >= 16 { faults += try floorFaults(database) }
        var told: Set<String> = []
        return Array(faults.filter { told.insert($0).inserted }.prefix(faultsMax))
    }

    private static let both = "\(parts("spent")), \(parts("unconfirmed"))"

    private static func ledgerFaults(_ database: Database, schema version: Int) throws -> [String] {
        let isBooked = version >= 15 ? "AND NOT EXISTS (SELECT 1 FROM unbooked WHERE unbooked.id = ledger.id)" : ""
        let accounts = try sums(database, "SELECT account, day, \(both) FROM usage_accounts GROUP BY account, day")
        let ledger = try sums(
            database,
            """
            SELECT account, day, \(parts("credits")),
                \(parts("CASE state WHEN 3 THEN estimate END"))
            FROM ledger WHERE state IN (1, 3, 4) \(isBooked) GROUP BY account, day
            """
        )
        // Rows are removed in the order in which they were made, but those that are unconfirmed or were resolved late
        // stay longer. So behind the first day of which a row is left that ended in the usual way, none is missing; nor
        // is one that is younger than the least retention.
        let first = try Int64.fetchOne(
            database,
            sql: "SELECT day FROM ledger WHERE state IN (1, 2) ORDER BY id LIMIT 1"
        )
        let last = try Int64.fetchOne(database, sql: "SELECT day FROM ledger ORDER BY id DESC LIMIT 1")
        let complete = min(
            first?.saturatingAdd(2) ?? .max,
            last?.saturatingSubtract(Self.retentionDaysMin) ?? .max
        )
        return differences(ledger, accounts, "the ledger", "the sums by account") { place in place.day >= complete }
            + excesses(ledger, accounts)
    }

    /// What is reserved before the floor of the ledger would stay so for ever.
    private static func floorFaults(_ database: Database) throws -> [String] {
        let sql = "SELECT count(*) FROM ledger WHERE state = 0 AND id < (SELECT open_from FROM ledger_floor)"
        let count = try Int.fetchOne(database, sql: sql) ?? 0
        return count == 0 ? [] : ["reserved rows of the ledger that no start would end: \(count)"]
    }

    private static func sums(_ database: Database, _ sql: String) throws -> Sums {
        var sums: Sums = [:]
        for row in try Row.fetchAll(database, sql: sql) {
            let account = String.fromDatabaseValue(row[0]) ?? ""
            let place = Place(account: account, day: Int64.fromDatabaseValue(row[1]) ?? 0)
            sums[place] = StoreSurvey.Credits(spent: amount(row, 2), unconfirmed: amount(row, 4))
        }
        return sums
    }

    private static func differences(
        _ left: Sums,
        _ right: Sums,
        _ leftName: String,
        _ rightName: String,
        where isCompared: (Place) -> Bool
    ) -> [String] {
        Set(left.keys).union(right.keys).filter(isCompared).sorted().compactMap { place in
            let (one, other) = (left[place] ?? StoreSurvey.Credits(), right[place] ?? StoreSurvey.Credits())
            return one == other ? nil : line(place, one, other, leftName, rightName)
        }
    }

    /// Places where the ledger has more than the sums, which no removal of rows explains.
    private static func excesses(_ ledger: Sums, _ sums: Sums) -> [String] {
        ledger.keys.sorted().compactMap { place in
            let (one, other) = (ledger[place] ?? StoreSurvey.Credits(), sums[place] ?? StoreSurvey.Credits())
            guard one.spent > other.spent || one.unconfirmed > other.unconfirmed else { return nil }
            return line(place, one, other, "the ledger", "the sums by account")
        }
    }

    private static func line(
        _ place: Place,
        _ one: StoreSurvey.Credits,
        _ other: StoreSurvey.Credits,
        _ oneName: String,
        _ otherName: String
    ) -> String {
        let date = Timestamp(microseconds: place.day.saturatingMultiply(86_400_000_000)).rfc3339.prefix(10)
        let owner = place.account.isEmpty ? "" : " of account \(place.account)"
        return "on \(date)\(owner) \(oneName) have \(one.spent) spent and "
            + "\(one.unconfirmed) unconfirmed, \(otherName) \(other.spent) and \(other.unconfirmed)"
    }
}
