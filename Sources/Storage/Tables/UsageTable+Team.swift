internal import Budgeting
internal import Reporting
import Vocabulary

extension UsageTable {
    /// What a team's requests came to on these days, which are a window's.
    ///
    /// One search a day, in one statement: the day comes first in the primary key, and the rows of other teams are not
    /// read. The counts are added up here, since a sum in SQL fails where it overflows.
    static func counts(
        of team: TeamID,
        over days: Range<BudgetDay>,
        on connection: StoreConnection
    ) throws -> SpendCounts {
        if days.isEmpty { return SpendCounts() }
        let statement = try connection.statement(
            """
            WITH RECURSIVE days (number) AS (SELECT ?1 UNION ALL SELECT number + 1 FROM days WHERE number < ?2)
            SELECT spent, unconfirmed, saved, hits, collapsed, misses, denied FROM days
            JOIN usage ON usage.day = number AND team = ?3
            """
        )
        statement.bind(Int64(days.lowerBound.number), at: 1)
        statement.bind(Int64(days.upperBound.number) - 1, at: 2)
        statement.bind(team.rawValue, at: 3)
        var sum = SpendCounts()
        try statement.forEachRow(about: "the roll-ups") { sum.add(try $0.spendCounts(from: 0)) }
        return sum
    }
}
