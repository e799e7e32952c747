internal import Caching
import Vocabulary

/// What a change of documents removes. It is no act of an operator, so no entry in the audit log belongs to it; the
/// access log has its line.
extension PurgeTable {
    /// What the transaction of a change did.
    struct Drop {
        /// How many results nobody can be given any more. Of a document with more than `atOnceMax`, these are not
        /// counted.
        var dropped: Int64 = 0
        /// Purges that were recorded for what is left to remove.
        var open: [PurgeProgress] = []
    }

    /// Removes results and learned pages of documents. Changes no page of the file when there are none, so that such a
    /// transaction costs no fsync.
    ///
    /// A document with more results than are removed at once is purged as an operator's would be, unless a purge under
    /// way hides all of them already.
    ///
    /// - Throws: `overloaded` when too many purges are not finished.
    static func drop(_ documents: [String], at now: Timestamp, on connection: StoreConnection) throws -> Drop {
        var drop = Drop()
        for document in documents {
            try connection.endStorability(of: .document(document))
            connection.announce(.purge(.document(document)))
        }
        for document in documents {
            try LessonTable.forget(documentID: document, on: connection)
            let rows = try ResultTable.rows(of: document, atMost: atOnceMax + 1, on: connection)
            guard !rows.isEmpty else { continue }
            let open = try openLocked(on: connection)
            if rows.count <= atOnceMax {
                drop.dropped += try removeNow(rows, open, on: connection)
            } else if let progress = try hide(document, open, at: now, on: connection) {
                drop.dropped += Int64(rows.count)
                drop.open.append(progress)
            }
        }
        return drop
    }

    /// Records a purge of a document; nil when one that is under way hides all its results.
    private static func hide(
        _ document: String,
        _ open: [Open],
        at now: Timestamp,
        on connection: StoreConnection
    ) throws -> PurgeProgress? {
        let newest = try ResultTable.newestRow(of: document, on: connection)
        let isHidden = open.contains { purge in
            purge.boundary >= newest && (purge.target == .document(document) || purge.target == .all)
        }
        if isHidden { return nil }
        guard open.count < PurgeLimits.underWay else {
            throw StoreFault(code: .overloaded, detail: "\(PurgeLimits.underWay) purges are not finished")
        }
        let boundary = try ResultTable.lastRow(on: connection)
        let target = PurgeTarget.document(document)
        let id = try insert(target, boundary: boundary, removed: 0, at: now, noAudit, isDone: false, on: connection)
        return PurgeProgress(id: id, target: target, at: now, purged: 0)
    }
}
