import EventLoops
import GRDB
public import Reporting
import Synchronization
import Vocabulary

/// Copies the store's file while it is in use, one copy at a time.
///
/// Guarded. A thread of its own, in the background, makes the copy with a connection that only reads, and reads it for
/// the one who takes it: `StoreWriter` and the other readers do not wait for it. The copy is a file beside the store
/// that has no name any more when it is handed over, so that no end of the process leaves it behind; what a process
/// that was killed left of an unfinished one is removed at the next start.
///
/// SQLite's backup interface copies page by page within one read transaction (<https://www.sqlite.org/backup.html>):
/// the copy has all that was committed when that began, and nothing that came later.
final class StoreCopier: Sendable {
    typealias Answer = @Sendable (Result<any StoreCopy, BackupFault>) -> Void

    /// What an unfinished copy is called, behind the name of the store.
    private static let suffix = ".unfinished-copy"
    /// 4 MiB of pages of the usual size. Each step is made durable before the next: what a later fsync of the log has
    /// to wait for is never more than this.
    private static let pagesPerStep: CInt = 1_024

    private struct State {
        /// Of the copy that there is.
        var reads: WorkQueue<CopyRead>?
        var thread: SystemThread?
        var isClosed = false
    }

    private let path: String
    private let busyTimeout: Duration
    private let state = Guarded(State())
    private let isStopping = Atomic<Bool>(false)

    init(path: String, busyTimeout: Duration) {
        self.path = path
        self.busyTimeout = busyTimeout
    }

    /// Removes what a process that was killed left. Only while the store is locked and no copy is made.
    static func removeLeftovers(of path: String) {
        for suffix in ["", "-journal", "-wal", "-shm"] { DiskPlace.remove(path + Self.suffix + suffix) }
    }

    func begin(_ then: @escaping Answer) {
        let reads = WorkQueue<CopyRead>(itemsMax: 1)
        let refusal = state.withLock { state -> BackupFault? in
            if state.isClosed { return .failed(Self.closed) }
            if state.reads != nil { return .underWay }
            do throws(StoreFault) {
                state.thread = try SystemThread.ofStore("store-copy", isBackground: true) { [self] in run(reads, then) }
            } catch {
                return .failed(error)
            }
            state.reads = reads
            return nil
        }
        if let refusal { then(.failure(refusal)) }
    }

    /// Ends what is under way; further copies are refused.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        let reads = state.withLock { state in
            state.isClosed = true
            return state.reads
        }
        reads?.close()
    }

    /// Stops, and waits for the thread. Not from one of its answers.
    func close() {
        stop()
        state.withLock { $0.thread.take() }?.join()
    }

    /// The next copy may be made.
    fileprivate func release(_ reads: WorkQueue<CopyRead>) {
        state.withLock { if $0.reads === reads { $0.reads = nil } }
        reads.close()
    }

    private static let closed = StoreFault(code: .unavailable, detail: "the store is closed")

    // MARK: The thread

    /// What a copy has to say of itself.
    private struct Made {
        let file: DiskFile
        let byteCount: Int64
        let digest: Digest
        let schemaVersion: Int
    }

    private func run(_ reads: WorkQueue<CopyRead>, _ then: Answer) {
        let made: Made
        do {
            made = try make()
        } catch {
            release(reads)
            return then(.failure(error as? BackupFault ?? .failed(StoreFault(thrown: error))))
        }
        // Not kept here: its last reference is what gives it up.
        then(.success(SQLiteStoreCopy(made.byteCount, made.digest, made.schemaVersion, copier: self, reads)))
        serve(made.file, reads)
    }

    /// Answers reads until the copy is closed.
    private func serve(_ file: DiskFile, _ reads: WorkQueue<CopyRead>) {
        var offset: Int64 = 0
        while case .items(let items) = reads.take(atMost: 1, waiting: nil) {
            for read in items {
                do throws(StoreFault) {
                    let piece = try file.bytes(at: offset, atMost: StoreCopyLimits.pieceBytes)
                    offset += Int64(piece.count)
                    read.then(.success(piece))
                } catch {
                    read.then(.failure(error))
                }
            }
        }
    }

    private func make() throws -> Made {
        defer { Self.removeLeftovers(of: path) }
        let file = try DiskFile.make(path + Self.suffix)
        let version = try copyPages(into: file)
        try file.markRollbackJournal()
        let (digest, byteCount) = try file.digest(checkStop)
        return Made(file: file, byteCount: byteCount, digest: digest, schemaVersion: version)
    }

    private func checkStop() throws(StoreFault) {
        if isStopping.load(ordering: .relaxed) { throw Self.closed }
    }

    /// - Returns: the schema's version.
    private func copyPages(into file: DiskFile) throws -> Int {
        let source = try openSource()
        // Not the last connection: the writer's is closed after the copier.
        defer { try? source.close() }
        return try source.unsafeRead { source in
            try source.execute(sql: "BEGIN")
            defer { try? source.execute(sql: "ROLLBACK") }
            // Reading fixes the moment.
            let version = try Int.fetchOne(source, sql: "PRAGMA user_version") ?? 0
            let pageBytes = try Int64.fetchOne(source, sql: "PRAGMA page_size") ?? 0
            let pageCount = try Int64.fetchOne(source, sql: "PRAGMA page_count") ?? 0
            let free = try DiskPlace.free(at: file.path)
            if let refusal = CopyWatch.refusal(
                copyBytes: pageBytes.saturatingMultiply(pageCount),
                freeBytes: free
            ) {
                throw refusal
            }
            try copyPages(of: source, pageBytes: pageBytes, into: file)
            return version
        }
    }

    private func copyPages(of source: Database, pageBytes: Int64, into file: DiskFile) throws {
        let log = path + "-wal"
        let watch = CopyWatch(logBytes: DiskPlace.byteCount(of: log))
        let target = try openTarget(file.path)
        defer { try? target.close() }
        try target.writeWithoutTransaction { target in
            try source.backup(to: target, pagesPerStep: Self.pagesPerStep) { progress in
                // What is thrown behind the last step would be lost.
                if progress.isCompleted { return }
                try self.checkStop()
                try file.syncData()
                if let refusal = watch.refusal(
                    restBytes: Int64(progress.remainingPageCount).saturatingMultiply(pageBytes),
                    freeBytes: try DiskPlace.free(at: file.path),
                    logBytes: DiskPlace.byteCount(of: log)
                ) {
                    throw refusal
                }
            }
        }
    }

    private func openSource() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(busyTimeout.wholeNanoseconds) / 1e9)
        configuration.label = "store copy"
        let source = try DatabaseQueue(path: path, configuration: configuration)
        try source.unsafeRead { source in
            // As for the other readers: only the writer checkpoints.
            try source.execute(
                sql: "PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = 1; PRAGMA cache_size = -2048"
            )
        }
        return source
    }

    /// Without a journal: what is not finished is thrown away.
    private func openTarget(_ name: String) throws -> DatabaseQueue {
        let target = try DatabaseQueue(path: name)
        try target.writeWithoutTransaction { target in
            try target.execute(
                sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2048"
            )
        }
        return target
    }
}

/// A read that a copy was asked for. A message.
struct CopyRead: Sendable {
    let then: @Sendable (Result<[UInt8], StoreFault>) -> Void
}

/// A finished copy, as the one who takes it has it. Guarded: the copier's queue has the lock.
private final class SQLiteStoreCopy: StoreCopy {
    let byteCount: Int64
    let digest: Digest
    let schemaVersion: Int
    private let copier: StoreCopier
    private let reads: WorkQueue<CopyRead>

    init(
        _ byteCount: Int64,
        _ digest: Digest,
        _ schemaVersion: Int,
        copier: StoreCopier,
        _ reads: WorkQueue<CopyRead>
    ) {
        self.byteCount = byteCount
        self.digest = digest
        self.schemaVersion = schemaVersion
        self.copier = copier
        self.reads = reads
    }

    deinit { close() }

    func next(then: @escaping @Sendable (Result<[UInt8], StoreFault>) -> Void) {
        switch reads.put(CopyRead(then: then)) {
        case .taken: break
        case .full: then(.failure(StoreFault(code: .overloaded, detail: "a copy is read once at a time")))
        case .closed: then(.failure(StoreFault(code: .unavailable, detail: "the copy was given up")))
        }
    }

    func close() { copier.release(reads) }
}

extension Store: BackupStore {
    public func copyAll(then: @escaping @Sendable (Result<any StoreCopy, BackupFault>) -> Void) {
        engine.copyAll(then: then)
    }
}
