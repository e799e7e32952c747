internal import Reporting
import Vocabulary

/// The statements on `usage_quarters`: the counts of all teams by quarters of an hour, for the last 24 hours.
///
/// The first row stays, so that it is known since when there are counts. Others are removed when they are a day old.
enum UsageQuarterTable {
    private static let microsecondsInQuarter: Int64 = 900_000_000
    private static let quartersShown: Int64 = 96

    static func add(_ sum: SpendCounts, to quarter: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage_quarters (quarter, saved, hits, collapsed, misses) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (quarter) DO UPDATE SET
                saved = CASE WHEN excluded.saved > 9223372036854775807 - usage_quarters.saved
                    THEN 9223372036854775807 ELSE usage_quarters.saved + excluded.saved END,
                hits = CASE WHEN excluded.hits > 9223372036854775807 - usage_quarters.hits
                    THEN 9223372036854775807 ELSE usage_quarters.hits + excluded.hits END,
                collapsed = CASE WHEN excluded.collapsed > 9223372036854775807 - usage_quarters.collapsed
                    THEN 9223372036854775807 ELSE usage_quarters.collapsed + excluded.collapsed END,
                misses = CASE WHEN excluded.misses > 9223372036854775807 - usage_quarters.misses
                    THEN 9223372036854775807 ELSE usage_quarters.misses + excluded.misses END
            """
        )
        statement.bind(quarter, at: 1)
        statement.bind(sum.saved, at: 2)
        statement.bind(sum.hits, at: 3)
        statement.bind(sum.collapsed, at: 4)
        statement.bind(sum.misses, at: 5)
        try statement.run()
    }

    /// Removes what is a day older than a quarter.
    static func removeOld(before quarter: Int64, on connection: StoreConnection) throws {
        let removal = try connection.statement(
            """
            DELETE FROM usage_quarters
            WHERE quarter <= ?1 AND quarter > (SELECT min(quarter) FROM usage_quarters)
            """
        )
        removal.bind(quarter - quartersShown, at: 1)
        try removal.run()
    }

    /// The counts of the quarter that is running and of the 95 before it.
    static func recent(at now: Timestamp, on connection: StoreConnection) throws -> RecentUsage {
        let last = quarter(of: now)
        var first = last - quartersShown + 1
        let beginning = try connection.statement("SELECT min(quarter) FROM usage_quarters WHERE quarter <= ?1")
        beginning.bind(last, at: 1)
        try beginning.forEachRow(about: "the latest counts") { row in
            if let counted = try row.ifAny(row.integer, at: 0) { first = max(first, counted) }
        }
        let statement = try connection.statement(
            "SELECT saved, hits, collapsed, misses FROM usage_quarters WHERE quarter BETWEEN ?1 AND ?2"
        )
        statement.bind(first, at: 1)
        statement.bind(last, at: 2)
        var sum = SpendCounts()
        try statement.forEachRow(about: "the latest counts") { row in
            var counts = SpendCounts()
            counts.saved = try row.credits(at: 0)
            counts.hits = try row.integer(at: 1)
            counts.collapsed = try row.integer(at: 2)
            counts.misses = try row.integer(at: 3)
            sum.add(counts)
        }
        return RecentUsage(since: Timestamp(microseconds: first * microsecondsInQuarter), counts: sum)
    }

    /// Rounded down, before 1970 too.
    static func quarter(of moment: Timestamp) -> Int64 {
        let (quotient, rest) = moment.microseconds.quotientAndRemainder(dividingBy: microsecondsInQuarter)
        return rest < 0 ? quotient - 1 : quotient
    }
}
