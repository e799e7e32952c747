internal import Budgeting
internal import Reporting
import Vocabulary

/// The statements on `repeats`: the payments for a document that had been paid for before, each with the closest
/// earlier one and the reason why its result was not the answer.
enum RepeatTable {
    static func add(
        _ ending: ReservationEnding,
        repeating first: Payment,
        _ reason: RepeatReason,
        on connection: StoreConnection
    ) throws {
        let statement = try connection.statement(
            "INSERT INTO repeats (id, first, reason, first_team, team, credits) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        )
        let credits: MicroCredits? = if case .settled(let credits) = ending.outcome { credits } else { nil }
        statement.bind(ending.reservation.id.rawValue, at: 1)
        statement.bind(first.id.rawValue, at: 2)
        statement.bind(reason.rawValue, at: 3)
        statement.bind(first.team.rawValue, at: 4)
        statement.bind(ending.reservation.ask.team.rawValue, at: 5)
        statement.bind(credits, at: 6)
        try statement.run()
    }

    /// Removes the repeat that a reservation was, if it was one.
    static func remove(_ id: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM repeats WHERE id = ?1")
        statement.bind(id, at: 1)
        try statement.run()
    }

    /// How many repeats are added up at a time.
    static let sliceMax: Int64 = 50_000

    /// Adds the next slice of a range to the sums; gives where the one after it begins, nil when there is none.
    static func add(
        from start: ReservationID,
        to end: ReservationID,
        team: TeamID?,
        to sums: inout RepeatSums,
        on connection: StoreConnection
    ) throws -> ReservationID? {
        let next = try id(behind: sliceMax, from: start, to: end, on: connection)
        // The ledger knows what an unconfirmed payment came to: its estimate, or what an operator said. Added up in
        // whole credits and the rest apart, since a sum of micro-credits could overflow.
        let statement = try connection.statement(
            """
            SELECT reason, first_team, team, count(*), CAST(sum(amount / 1000000) AS BIGINT),
                CAST(sum(amount % 1000000) AS BIGINT) FROM (
                SELECT reason, first_team, team, coalesce(credits,
                    (SELECT coalesce(ledger.credits, ledger.estimate) FROM ledger WHERE ledger.id = repeats.id), 0)
                    AS amount
                FROM repeats WHERE id >= ?1 AND id < ?2 AND (?3 = '' OR team = ?3)
            ) AS priced GROUP BY reason, first_team, team
            """
        )
        statement.bind(start.rawValue, at: 1)
        statement.bind((next ?? end).rawValue, at: 2)
        statement.bind(team?.rawValue ?? "", at: 3)
        try statement.forEachRow(about: "the repeated payments") { row in
            let whole = try row.integer(at: 4).saturatingMultiply(1_000_000)
            sums.add(
                InsightReport.Sum(
                    credits: MicroCredits(micros: whole.saturatingAdd(try row.integer(at: 5))),
                    requests: try row.integer(at: 3)
                ),
                reason: try row.word(at: 0),
                firstTeam: try row.text(at: 1),
                team: try row.text(at: 2)
            )
        }
        return next
    }

    /// The repeat behind so many others of a range; nil when there are not that many.
    private static func id(
        behind count: Int64,
        from start: ReservationID,
        to end: ReservationID,
        on connection: StoreConnection
    ) throws -> ReservationID? {
        let statement = try connection.statement(
            "SELECT id FROM repeats WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1 OFFSET ?3"
        )
        statement.bind(start.rawValue, at: 1)
        statement.bind(end.rawValue, at: 2)
        statement.bind(count, at: 3)
        return try statement.rows(about: "a repeated payment") { ReservationID(rawValue: try $0.integer(at: 0)) }.first
    }

    /// The report of a range that is added up: some searches for each of the examples.
    static func report(
        _ sums: RepeatSums,
        over range: Range<ReservationID>,
        on connection: StoreConnection
    ) throws -> InsightReport {
        var examples = ExampleReader(range: range, connection: connection)
        return try InsightReport(sums.groups) { try examples.examples(of: $0) }
    }
}

/// What the repeats of a range come to, by reason and pair of teams. A message between slices of the range.
struct RepeatSums: Sendable {
    private struct Pair: Hashable {
        let reason: RepeatReason
        let firstTeam, team: String
    }

    private var sums: [Pair: InsightReport.Sum] = [:]

    mutating func add(_ sum: InsightReport.Sum, reason: RepeatReason, firstTeam: String, team: String) {
        sums[Pair(reason: reason, firstTeam: firstTeam, team: team), default: InsightReport.Sum()].add(sum)
    }

    var groups: [InsightReport.Group] {
        sums.map { pair, sum in
            InsightReport.Group(
                reason: pair.reason,
                firstTeam: TeamID(rawValue: pair.firstTeam),
                team: TeamID(rawValue: pair.team),
                sum: sum
            )
        }
    }
}

/// Reads the examples of one report. Each schema is read once, and not all of them if they are large.
private struct ExampleReader {
    let range: Range<ReservationID>
    let connection: StoreConnection
    private var schemas: [Int64: SchemaText?] = [:]
    /// How many bytes of schemas may still be read.
    private var schemaBytesLeft = 4 * 1_024 * 1_024

    init(range: Range<ReservationID>, connection: StoreConnection) {
        self.range = range
        self.connection = connection
    }

    mutating func examples(of group: InsightReport.Group) throws -> [InsightReport.Example] {
        var examples: [InsightReport.Example] = []
        for (again, first) in try pairs(of: group) {
            if let example = try example(again, repeating: first) { examples.append(example) }
        }
        return examples
    }

    private func pairs(of group: InsightReport.Group) throws -> [(ReservationID, ReservationID)] {
        let statement = try connection.statement(
            """
            SELECT id, first FROM repeats
            WHERE reason = ?1 AND first_team = ?2 AND team = ?3 AND id >= ?4 AND id < ?5 ORDER BY id DESC LIMIT ?6
            """
        )
        statement.bind(group.reason.rawValue, at: 1)
        statement.bind(group.firstTeam.rawValue, at: 2)
        statement.bind(group.team.rawValue, at: 3)
        statement.bind(range.lowerBound.rawValue, at: 4)
        statement.bind(range.upperBound.rawValue, at: 5)
        statement.bind(Int64(InsightReport.examplesMax), at: 6)
        return try statement.rows(about: "a repeated payment") { row in
            (ReservationID(rawValue: try row.integer(at: 0)), ReservationID(rawValue: try row.integer(at: 1)))
        }
    }

    /// Nil when the later payment is no longer in the ledger.
    private mutating func example(
        _ again: ReservationID,
        repeating first: ReservationID
    ) throws -> InsightReport.Example? {
        guard let (entry, document) = try entry(again) else { return nil }
        let earlier = try self.entry(first)?.entry
        let payments = try [first, again].map { id in
            try PaymentTable.payment(id, for: document.documentID, of: document.account, on: connection)
        }
        return InsightReport.Example(
            documentID: document.documentID,
            first: earlier,
            again: entry,
            differences: try differences(payments[0], payments[1])
        )
    }

    private func entry(_ id: ReservationID) throws -> (entry: InsightReport.Entry, document: DocumentKey)? {
        let statement = try connection.statement(
            """
            SELECT team, request_id, created_at, coalesce(credits, estimate), state, account, document_id FROM ledger
            WHERE id = ?1
            """
        )
        statement.bind(id.rawValue, at: 1)
        let entries = try statement.rows(about: "a reservation") { row in
            let entry = InsightReport.Entry(
                id: id,
                team: TeamID(rawValue: try row.text(at: 0)),
                requestID: try row.text(at: 1),
                createdAt: try row.moment(at: 2),
                credits: try row.credits(at: 3),
                isUnconfirmed: try row.integer(at: 4) == LedgerTable.State.unconfirmed.rawValue
            )
            let account = AccountID(rawValue: try row.text(at: 5))
            return (entry: entry, document: DocumentKey(account: account, documentID: try row.text(at: 6)))
        }
        return entries.first
    }

    private mutating func differences(_ first: Payment?, _ again: Payment?) throws -> [QuestionDifference] {
        guard let first, let again, let parts = again.differingParts(from: first) else { return [] }
        var found: [QuestionDifference] = []
        for part in parts {
            switch part {
            case .schemaLabels, .schemaText: found += try schemaDifferences(first, again, part)
            case .pageRange:
                found.append(QuestionDifference(part, first: first.parts?.pages, again: again.parts?.pages))
            case .model: found.append(QuestionDifference(part, first: first.model, again: again.model))
            case .otherMembers: found.append(QuestionDifference(part))
            }
        }
        return found
    }

    private mutating func schemaDifferences(
        _ first: Payment,
        _ again: Payment,
        _ part: QuestionPart
    ) throws -> [QuestionDifference] {
        guard let left = try schema(first), let right = try schema(again) else { return [QuestionDifference(part)] }
        let differences = left.differences(to: right, part)
        return differences.isEmpty ? [QuestionDifference(part)] : differences
    }

    private mutating func schema(_ payment: Payment) throws -> SchemaText? {
        guard let digest = payment.parts?.schema else { return nil }
        if let known = schemas[digest] { return known }
        guard schemaBytesLeft > 0 else { return nil }
        let bytes = try SchemaTable.text(of: digest, on: connection)
        schemaBytesLeft -= bytes?.count ?? 0
        let schema = bytes.flatMap { SchemaText(json: $0.span) }
        schemas[digest] = .some(schema)
        return schema
    }
}
