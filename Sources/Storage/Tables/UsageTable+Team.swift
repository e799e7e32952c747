internal import Budgeting
internal import Reporting
import Vocabulary

extension UsageTable {
    /// What a team's requests came to on these days, which are a window's.
    ///
    /// One search a day: the day comes first in the primary key, and the rows of other teams are not read. The counts are
    /// added up here, since SQLite's sum fails where it overflows.
    static func counts(
        of team: TeamID,
        over days: Range<BudgetDay>,
        on connection: StoreConnection
    ) throws -> SpendCounts {
        let statement = try connection.statement(
            """
            SELECT spent, unconfirmed, saved, hits, collapsed, misses, denied FROM usage WHERE day = ?1 AND team = ?2
            """
        )
        var sum = SpendCounts()
        for number in days.lowerBound.number..<days.upperBound.number {
            statement.bind(Int64(number), at: 1)
            statement.bind(team.rawValue, at: 2)
            try statement.forEachRow(about: "the roll-ups") { sum.add(try counts($0)) }
        }
        return sum
    }

    private static func counts(_ row: StoreRow) throws -> SpendCounts {
        var counts = SpendCounts()
        counts.spent = try row.credits(at: 0)
        counts.unconfirmed = try row.credits(at: 1)
        counts.saved = try row.credits(at: 2)
        counts.hits = try row.integer(at: 3)
        counts.collapsed = try row.integer(at: 4)
        counts.misses = try row.integer(at: 5)
        counts.denied = try row.integer(at: 6)
        return counts
    }
}
