internal import Caching
internal import Registry
import Vocabulary

/// The statements on `purges`: what was purged, and how far its removal is.
///
/// A purge concerns the results with a row number up to its `boundary`, the greatest there was. From its record on it
/// hides them: every look-up compares what it finds with the purges that are not finished. The rows are removed in
/// batches, those of the oldest purge first. These hold:
/// - A result that is saved while a purge is not finished gets a row number above the boundaries, also in place of an
///   older one of its key, so that no purge concerns it. Else the number is that of the reservation that paid for it.
/// - Each row that a purge concerns is removed once, and counted by the oldest purge that concerns it: in `removed`, in
///   the transaction that removes it.
/// - A purge is finished in the transaction that removes its last row, and its entry in the audit log says then how
///   many there were.
///
/// A change of a document is a purge that no operator asked for (`PurgeTable+Changes`).
enum PurgeTable {
    /// A purge of a document, a key or a saved classifier with so many results is done in the transaction of its
    /// record.
    static let atOnceMax = 256
    /// How many purges are remembered.
    static let rowsMax: Int64 = 1_000
    /// In `audit_id`, whose entries begin with 1: no entry belongs to the purge.
    static let noAudit: Int64 = 0

    /// A purge that is not finished.
    struct Open {
        let id: Int64
        let target: PurgeTarget
        let boundary: Int64
        let removed: Int64
        let auditID: Int64
        let at: Timestamp

        var progress: PurgeProgress { PurgeProgress(id: id, target: target, at: at, purged: removed) }

        func covers(_ row: ResultRow) -> Bool {
            guard row.id <= boundary else { return false }
            switch target {
            case .all: return true
            case .document(let id): return row.documentID == id
            case .team(let team): return row.team == team
            case .key(let key): return row.key == key
            case .classifier(let classifier): return row.classifier == classifier
            }
        }
    }

    /// What a purge needs to know of a result.
    struct ResultRow {
        let id: Int64
        let key: CacheKey
        let documentID: String
        let team: TeamID
        /// Nil for a request with a schema of its own.
        let classifier: ClassifierKey?
    }

    enum Recording {
        case full
        case done(purged: Int64)
        case open(PurgeProgress)
    }

    // MARK: Recording

    /// Records a purge with its entry in the audit log, and does it when it concerns few results.
    ///
    /// - Parameters:
    ///   - inMemory: how many results it concerns that the store does not have.
    ///   - audit: nil for a purge that no operator made. It has no entry, and leaves no row when it is done at once.
    static func record(
        _ target: PurgeTarget,
        at now: Timestamp,
        inMemory: Int64,
        audit: AuditEntry?,
        on connection: StoreConnection
    ) throws -> Recording {
        try connection.endStorability(of: target)
        if case .classifier(let key) = target {
            connection.announce(.classifier(key))
        } else {
            connection.announce(.purge(target))
        }
        let open = try openLocked(on: connection)
        let rows = try firstRows(of: target, on: connection)
        if case .document(let id) = target { try LessonTable.forget(documentID: id, on: connection) }
        if let rows, rows.count <= atOnceMax {
            let purged = try inMemory + removeNow(rows, open, on: connection)
            guard let audit else { return .done(purged: purged) }
            let auditID = try AuditTable.appendNumbered(audit.after(purged), on: connection)
            _ = try insert(target, boundary: 0, removed: purged, at: now, auditID, isDone: true, on: connection)
            return .done(purged: purged)
        }
        guard open.count < PurgeLimits.underWay else { return .full }
        let boundary = try ResultTable.lastRow(on: connection)
        let auditID = try audit.map { try AuditTable.appendNumbered($0, on: connection) } ?? noAudit
        let id = try insert(
            target,
            boundary: boundary,
            removed: inMemory,
            at: now,
            auditID,
            isDone: false,
            on: connection
        )
        return .open(PurgeProgress(id: id, target: target, at: now, purged: inMemory))
    }

    /// Removes rows, and says how many of them no purge under way had hidden.
    static func removeNow(_ rows: [ResultRow], _ open: [Open], on connection: StoreConnection) throws -> Int64 {
        var purged: Int64 = 0
        for row in rows {
            if let first = open.first(where: { $0.covers(row) }) {
                try count(1, of: first.id, on: connection)
            } else {
                purged += 1
            }
            try ResultTable.remove(row.id, on: connection)
        }
        return purged
    }

    /// The results that a purge concerns, one more than are removed at once; nil for those that concern many.
    private static func firstRows(of target: PurgeTarget, on connection: StoreConnection) throws -> [ResultRow]? {
        switch target {
        case .document(let id): return try ResultTable.rows(of: id, atMost: atOnceMax + 1, on: connection)
        case .key(let key): return try ResultTable.row(of: key, on: connection).map { [$0] } ?? []
        case .classifier(let classifier):
            return try ResultTable.rows(of: classifier, atMost: atOnceMax + 1, on: connection)
        case .team, .all: return nil
        }
    }

    static func insert(
        _ target: PurgeTarget,
        boundary: Int64,
        removed: Int64,
        at now: Timestamp,
        _ auditID: Int64,
        isDone: Bool,
        on connection: StoreConnection
    ) throws -> Int64 {
        let statement = try connection.statement(
            """
            INSERT INTO purges (id, document_id, team, cache_key, boundary, removed, at, audit_id, ended_at, classifier,
                account)
            VALUES ((SELECT coalesce(max(id), 0) + 1 FROM purges), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            RETURNING id
            """
        )
        bind(target, to: statement)
        statement.bind(boundary, at: 4)
        statement.bind(removed, at: 5)
        statement.bind(now, at: 6)
        statement.bind(auditID, at: 7)
        statement.bind(isDone ? now : nil, at: 8)
        let id = try statement.insertedID(about: "a purge")
        try removeOldest(on: connection)
        return id
    }

    /// Parameters 1 to 3, 9 and 10: what the purge is about; all NULL for everything.
    private static func bind(_ target: PurgeTarget, to statement: any PreparedStatement) {
        var (document, team, key, classifier): (String?, String?, CacheKey?, ClassifierKey?)
        switch target {
        case .document(let id): document = id
        case .team(let id): team = id.rawValue
        case .key(let wanted): key = wanted
        case .classifier(let wanted): classifier = wanted
        case .all: break
        }
        statement.bind(classifier?.classifierID, at: 9)
        statement.bind(classifier?.account.rawValue, at: 10)
        statement.bind(document, at: 1)
        statement.bind(team, at: 2)
        statement.bind(key, at: 3)
    }

    private static func removeOldest(on connection: StoreConnection) throws {
        let statement = try connection.statement(
            "DELETE FROM purges WHERE id <= (SELECT max(id) FROM purges) - ?1 AND ended_at IS NOT NULL"
        )
        statement.bind(rowsMax, at: 1)
        try statement.run()
    }

    // MARK: Removing

    /// The purges that are not finished, which no other node works on until the transaction ends.
    static func openLocked(on connection: StoreConnection) throws -> [Open] {
        try connection.link.shared?.lockPurges()
        return try open(on: connection)
    }

    /// The purges that are not finished, the oldest first.
    static func open(on connection: StoreConnection) throws -> [Open] {
        var purges: [Open] = []
        try lookUpOpen(on: connection) { purges.append($0) }
        try connection.receive()
        return purges
    }

    /// Asks for the purges that are not finished, the oldest first.
    static func lookUpOpen(on connection: StoreConnection, then: @escaping (Open) -> Void) throws {
        let statement = try connection.statement(
            """
            SELECT id, document_id, team, cache_key, boundary, removed, audit_id, at, classifier, account FROM purges
            WHERE ended_at IS NULL ORDER BY id
            """
        )
        try statement.sendForEachRow(about: "a purge") { row in
            let target: PurgeTarget
            if let document = try row.ifAny(row.text, at: 1) {
                target = .document(document)
            } else if let team = try row.ifAny(row.text, at: 2) {
                target = .team(TeamID(rawValue: team))
            } else if let key = try row.ifAny(row.digest, at: 3) {
                target = .key(CacheKey(key))
            } else if let classifier = try row.ifAny(row.text, at: 8) {
                let account = AccountID(rawValue: try row.text(at: 9))
                target = .classifier(ClassifierKey(account: account, folded: classifier))
            } else {
                target = .all
            }
            let open = Open(
                id: try row.integer(at: 0),
                target: target,
                boundary: try row.integer(at: 4),
                removed: try row.integer(at: 5),
                auditID: try row.integer(at: 6),
                at: try row.moment(at: 7)
            )
            then(open)
        }
    }

    /// What a batch came to.
    struct Batch {
        let id: Int64
        /// How many rows the batch removed.
        let rows: Int
        /// How many results the purge has removed in all.
        let purged: Int64
        let isDone: Bool
    }

    /// Removes rows of the oldest purge in a transaction of its own; nil when all are finished.
    static func removeSome(atMost count: Int, at now: Timestamp, on connection: StoreConnection) throws -> Batch? {
        try connection.begin()
        do {
            guard let (first, removed) = try next(on: connection) else {
                connection.rollBack()
                return nil
            }
            let rows = try ResultTable.remove(first.target, upTo: first.boundary, atMost: count, on: connection)
            let purged = removed.saturatingAdd(Int64(rows))
            let isDone = try rows < count && isOver(first, on: connection)
            if rows > 0 { try Self.count(Int64(rows), of: first.id, on: connection) }
            if isDone {
                try finish(first.id, at: now, on: connection)
                try AuditTable.complete(first.auditID, purged: purged, on: connection)
            }
            try connection.commit()
            return Batch(id: first.id, rows: rows, purged: purged, isDone: isDone)
        } catch {
            connection.rollBack()
            throw error
        }
    }

    /// The oldest purge that is not finished, which no other node works on until the transaction ends, and how many
    /// results it has removed.
    private static func next(on connection: StoreConnection) throws -> (Open, removed: Int64)? {
        for purge in try open(on: connection) {
            guard let shared = connection.link.shared else { return (purge, purge.removed) }
            if let removed = try shared.lockPurge(purge.id) { return (purge, removed) }
        }
        return nil
    }

    /// Whether a purge that found fewer results than it asked for has none left. Where nodes share the store, others
    /// may have removed some of those that it had found.
    private static func isOver(_ purge: Open, on connection: StoreConnection) throws -> Bool {
        guard connection.isShared else { return true }
        return try ResultTable.count(purge.target, upTo: purge.boundary, on: connection) == 0
    }

    /// How many results a purge has removed, whether it is finished or not; nil when it is not remembered any more.
    static func removed(by id: Int64, on connection: StoreConnection) throws -> Int64? {
        let statement = try connection.statement("SELECT removed FROM purges WHERE id = ?1")
        statement.bind(id, at: 1)
        return try statement.rows(about: "a purge") { try $0.integer(at: 0) }.first
    }

    /// Adds results to those that a purge has removed.
    static func count(_ count: Int64, of id: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("UPDATE purges SET removed = removed + ?2 WHERE id = ?1")
        statement.bind(id, at: 1)
        statement.bind(count, at: 2)
        try statement.run()
    }

    private static func finish(_ id: Int64, at now: Timestamp, on connection: StoreConnection) throws {
        let statement = try connection.statement("UPDATE purges SET ended_at = ?2 WHERE id = ?1")
        statement.bind(id, at: 1)
        statement.bind(now, at: 2)
        try statement.run()
    }

    /// How many results of a purge are left, and how many it had removed when they were counted.
    static func remaining(of id: Int64, on connection: StoreConnection) throws -> (remaining: Int64, purged: Int64)? {
        try connection.beginReading()
        defer { connection.rollBack() }
        guard let open = try open(on: connection).first(where: { $0.id == id }) else { return nil }
        return (try ResultTable.count(open.target, upTo: open.boundary, on: connection), open.removed)
    }
}

extension AuditEntry {
    /// The same entry, with how many results were purged.
    fileprivate func after(_ purged: Int64) -> AuditEntry {
        AuditEntry(
            at: at,
            actor: actor,
            role: role,
            action: action,
            target: target,
            address: address,
            before: before,
            after: AuditTable.purgedText(purged)
        )
    }
}
