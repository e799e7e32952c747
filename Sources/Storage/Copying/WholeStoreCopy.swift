import EventLoops
internal import PostgreSQL
public import Vocabulary

/// Copies a whole store to a place where there is none: from a file to PostgreSQL, back, or to another one of its kind.
///
/// - W1. Nobody works with either: a file is locked as a gateway locks it. Of a database the row of `schema_state` is
///   locked, without which no node joins, and there is no node alive.
/// - W2. The source is read in one transaction, so all of it is of one moment.
/// - W3. The copy is valid all at once, when both sides were counted and agree: a file gets its name by rename(2), a
///   database is one transaction. Before that gateways refuse the place: the file by `NAME.unfinished-store`, the
///   database by its mark (`CopyMark`). The next copy begins anew.
/// - W4. A page of rows is in memory at a time, whatever the store has.
public enum WholeStoreCopy {
    /// What a table came to, on both sides.
    public struct Table: Sendable, Equatable {
        public let name: String
        public let rows: Int64
        /// Of texts and bytes.
        public let bytes: Int128
        /// In micro-credits; nil for a table without.
        public let credits: Int128?
    }

    public struct Outcome: Sendable, Equatable {
        public let tables: [Table]
        /// Reservations that were open. The first start at the target makes them unconfirmed.
        public let openCount: Int64
    }

    public enum Step: Sendable, Equatable {
        case copying(table: String, rows: Int64, of: Int64)
        case checking(table: String)
    }

    /// Blocks for as long as it takes: about a minute for each million rows.
    ///
    /// - Parameters:
    ///   - node: what others at a source in PostgreSQL are told of this process, where it has to end what nodes have
    ///     left.
    ///   - onStep: called often.
    /// - Throws: `inUse` when a process has one of them open; `olderSchema`; else what prevents it. There is no store
    ///   at the target then.
    public static func run(
        from source: StoreTarget,
        to target: StoreTarget,
        as node: NodeDescription,
        onStep: (Step) -> Void = { _ in }
    ) throws(StoreFault) -> Outcome {
        do {
            let tables = try CopiedTable.all()
            return try from(source, node) { source in
                try to(target) { target in try copy(tables, from: source, to: target, onStep) }
            }
        } catch {
            let fault = StoreFault(thrown: error)
            throw StoreFault(code: fault.code, detail: "cannot copy \(source) to \(target): \(fault.detail)")
        }
    }

    private static func from(
        _ source: StoreTarget,
        _ node: NodeDescription,
        _ body: (any CopySource) throws -> Outcome
    ) throws -> Outcome {
        switch source.kind {
        case .sqlite(let path): try SQLiteCopySource.open(path, body)
        case .postgreSQL(let address): try PostgreSQLCopySource.open(address, as: node, body)
        }
    }

    private static func to(_ target: StoreTarget, _ body: (any CopyTarget) throws -> Outcome) throws -> Outcome {
        switch target.kind {
        case .sqlite(let path): try SQLiteCopyTarget.make(path, body)
        case .postgreSQL(let address): try PostgreSQLCopyTarget.make(address, body)
        }
    }

    static func copy(
        _ tables: [CopiedTable],
        from source: any CopySource,
        to target: any CopyTarget,
        _ onStep: (Step) -> Void
    ) throws -> Outcome {
        var tallies: [String: CopyTally] = [:]
        for table in tables {
            let tally = try source.tally(of: table)
            tallies[table.name] = tally
            var done: Int64 = 0
            onStep(.copying(table: table.name, rows: done, of: tally.rows))
            try source.forEachPage(of: table) { page in
                try target.insert(page, into: table)
                done += Int64(page.count)
                onStep(.copying(table: table.name, rows: done, of: tally.rows))
            }
        }
        for table in tables {
            onStep(.checking(table: table.name))
            guard let tally = tallies[table.name] else { continue }
            if let difference = tally.difference(from: try target.tally(of: table), of: table) {
                throw StoreFault(code: .corrupt, detail: "\(difference); the copy was given up")
            }
        }
        try target.derive(from: tallies)
        let told = tables.map { table in
            let tally = tallies[table.name] ?? CopyTally()
            let lengths = table.columns.indices.filter { table.columns[$0].kind != .integer }.map(tally.sum)
            return Table(
                name: table.name,
                rows: tally.rows,
                bytes: lengths.reduce(0, +),
                credits: table.creditsColumn.map(tally.sum)
            )
        }
        return Outcome(tables: told, openCount: tallies["ledger"]?.groups[0]?.rows ?? 0)
    }
}
