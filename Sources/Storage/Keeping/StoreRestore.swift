import GRDB
public import Vocabulary

/// Puts a backup in the place of a store that no process has open.
///
/// What lies where, and when. NAME is the store, `NAME.unfinished-restore` the new one before it has its name.
/// - R1. The new file is complete, verified and on the disk before anything of the old store is touched.
/// - R2. The log of the old store is written back first, so that the store is one file again. It then gets a second
///   name, `NAME.before-restore-TIME` (link(2)), and the new file takes the first one by rename(2): at every moment
///   NAME is a whole store, the old one or the new one.
/// - R3. An old store whose log SQLite cannot write back is not touched: a log beside another file would be taken for
///   that file's (<https://www.sqlite.org/howtocorrupt.html> §1.4), and without its log the old one would not be whole.
public enum StoreRestore {
    private static let suffix = ".unfinished-restore"

    /// What was done.
    public struct Outcome: Sendable, Equatable {
        /// The store that was replaced; nil when there was none, or none that can be read.
        public let before: StoreSurvey?
        public let after: StoreSurvey
        /// Where the old store is now.
        public let keptAt: String?
        /// Why the old store could not be read.
        public let beforeFault: StoreFault?
        /// Which sums of the restored store do not agree, where that was accepted.
        public let sumFaults: [String]
    }

    /// A step that takes long enough to be shown.
    public enum Step: Sendable, Equatable {
        case copying(bytes: Int64, of: Int64)
        case checking, replacing
    }

    /// Blocks for about as long as copying the file twice takes.
    ///
    /// - Parameters:
    ///   - path: of the store, which need not be there.
    ///   - backup: a file that `tollgate backup` made.
    ///   - acceptsSums: whether a backup is taken whose sums do not agree with its ledger.
    /// - Throws: `inUse` when a process has the store open; what is wrong with the backup or the disk. The store is
    ///   then as it was.
    public static func run(
        path: String,
        from backup: String,
        acceptsSums: Bool = false,
        at now: Timestamp,
        onStep: (Step) -> Void = { _ in }
    ) throws(StoreFault) -> Outcome {
        let path = try StoreFile.resolve(path)
        let lock = try StoreLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        let new = path + suffix
        do throws(StoreFault) {
            try copy(backup, to: new, store: path, onStep)
            onStep(.checking)
            let (after, sumFaults) = try StoreInspection.inspect(new)
            guard acceptsSums || sumFaults.isEmpty else { throw disagreement(backup, sumFaults) }
            onStep(.replacing)
            let old = try settle(path)
            let keptAt = try keep(path, at: now)
            try StoreFile.syncFolder(of: path)
            try DiskPlace.rename(new, to: path)
            try StoreFile.syncFolder(of: path)
            return Outcome(
                before: old.survey,
                after: after,
                keptAt: keptAt,
                beforeFault: old.fault,
                sumFaults: sumFaults
            )
        } catch {
            DiskPlace.remove(new)
            throw error
        }
    }

    /// Refuses a place where a restore was cut off before there was a store, or a store that lost its file: a start
    /// would make an empty one, and SQLite would drop the log that is left.
    static func refuseUnfinished(_ path: String) throws(StoreFault) {
        try UnfinishedStore.refuse(path)
        if DiskPlace.exists(path) {
            // It was cut off before it changed anything, or after all.
            DiskPlace.remove(path + suffix)
            return
        }
        if DiskPlace.exists(path + suffix) {
            throw StoreFault(
                code: .unavailable,
                detail:
                    "a restore of \(path) was cut off: run it again, or remove \(path)\(suffix) to begin with an empty "
                    + "store"
            )
        }
        if hasRemains(path) {
            throw StoreFault(
                code: .unavailable,
                detail:
                    "\(path) is not there, but its log \(path)-wal is: put the file back, or move the log away if the "
                    + "store is given up"
            )
        }
    }

    private static func hasRemains(_ path: String) -> Bool { DiskPlace.byteCount(of: path + "-wal") > 0 }

    private static func disagreement(_ backup: String, _ faults: [String]) -> StoreFault {
        StoreFault(
            code: .corrupt,
            detail:
                "\(backup): the sums do not agree with the ledger: \(faults.joined(separator: "; ")). Budgets would count "
                + "by these sums; to restore it all the same, add --accept-sums"
        )
    }

    // MARK: The new store

    private static func copy(
        _ backup: String,
        to new: String,
        store path: String,
        _ onStep: (Step) -> Void
    ) throws(StoreFault) {
        if let whole = try? StoreFile.resolve(backup), whole == path {
            throw StoreFault(code: .unavailable, detail: "\(backup) is the store itself")
        }
        try StoreInspection.refuseLog(beside: backup)
        let source = try DiskFile.read(backup)
        let byteCount = try source.byteCount()
        let free = try DiskPlace.free(at: StoreFile.folder(of: path))
        if case .noRoom(let needed, _)? = CopyWatch.refusal(copyBytes: byteCount, freeBytes: free) {
            throw StoreFault(
                code: .full,
                detail:
                    "the folder of \(path) needs \(needed) bytes free for the restored store beside the present one, and "
                    + "has \(free): free some space"
            )
        }
        let target = try DiskFile.make(new)
        var offset: Int64 = 0
        while true {
            onStep(.copying(bytes: offset, of: byteCount))
            let piece = try source.bytes(at: offset, atMost: DiskFile.pieceBytes)
            if piece.isEmpty { break }
            try target.write(piece, at: offset)
            offset += Int64(piece.count)
        }
        // A copy of a store that was stopped: it is whole, and says that it has a log.
        let head = try target.bytes(at: 0, atMost: 20)
        if head.count == 20, head[18] == 2, head[19] == 2 { try target.markRollbackJournal() }
        try target.sync()
    }

    // MARK: The old store

    private struct Old {
        var survey: StoreSurvey?
        var fault: StoreFault?
    }

    /// Writes the log of the old store back and takes it away.
    private static func settle(_ path: String) throws(StoreFault) -> Old {
        var old = Old()
        if DiskPlace.exists(path) {
            do {
                let queue = try SQLiteEngine.writingConnection(path: path, busyTimeout: SQLiteEngine.busyTimeout)
                defer { try? queue.close() }
                try queue.writeWithoutTransaction { database in try settle(database, path, &old) }
            } catch {
                if let foreign = error as? ForeignStore { throw foreign.fault }
                old.fault = StoreFault(thrown: error)
            }
        }
        guard let log = ["-wal", "-journal"].map({ path + $0 }).first(where: { DiskPlace.byteCount(of: $0) > 0 }) else {
            return old
        }
        throw StoreFault(
            code: old.fault?.code ?? .unavailable,
            detail:
                "the log of the present store, \(log), cannot be written back (\(old.fault?.detail ?? "no file")): move all "
                + "files whose names begin with \(path) to another folder, and run this again"
        )
    }

    private static func settle(_ database: Database, _ path: String, _ old: inout Old) throws {
        try refuseForeign(database, path)
        do {
            old.survey = try StoreSurvey(of: database, byteCount: DiskPlace.byteCount(of: path))
        } catch {
            old.fault = StoreFault(thrown: error)
        }
        try database.execute(sql: "PRAGMA synchronous = FULL")
        // It checkpoints, and removes the log.
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE")
        if mode != "delete" { throw StoreFault(code: .unavailable, detail: "SQLite keeps it in use") }
    }

    /// A database of another program at the store's place.
    private struct ForeignStore: Error { let fault: StoreFault }

    /// A newer schema is no hindrance: what it needs is a backup of an older one.
    private static func refuseForeign(_ database: Database, _ path: String) throws {
        do {
            try StoreSchema.check(database)
        } catch let fault as StoreFault where fault.code == .corrupt {
            let detail = "\(path) is an SQLite database of another program; is store.url right?"
            throw ForeignStore(fault: StoreFault(code: .corrupt, detail: detail))
        } catch let fault as StoreFault where fault.code == .newerSchema {
            return
        }
    }

    /// Gives the old store a second name.
    private static func keep(_ path: String, at now: Timestamp) throws(StoreFault) -> String? {
        guard DiskPlace.exists(path) else { return nil }
        let base = path + ".before-restore-" + now.compact
        var kept = base
        var number = 1
        while DiskPlace.exists(kept) {
            number += 1
            kept = "\(base)-\(number)"
        }
        try DiskPlace.link(path, as: kept)
        return kept
    }
}
