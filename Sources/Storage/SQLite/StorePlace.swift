import EventLoops
import Glibc
import Vocabulary

/// Whether the open file is still the one at its path.
///
/// Guarded. A file that is moved or deleted while it is open goes on without that name: everything seems to work, and
/// the next start finds nothing of it. So device and inode of the file and of its write-ahead log are compared: before
/// each group of writes, which are refused then, and by a thread of its own twice a second, so that it is noticed while
/// nothing is written. Reading goes on, since what the open file has is true. When the same file is back at its path,
/// writing goes on.
final class StorePlace: Sendable {
    private struct Identity: Equatable {
        let device: dev_t
        let inode: ino_t

        /// Nil when nothing is there, or nothing that can be looked at.
        init?(_ path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            device = status.st_dev
            inode = status.st_ino
        }
    }

    private static let interval = Duration.milliseconds(500)

    private let files: [(path: String, identity: Identity)]
    private let onChange: @Sendable (StoreFault?) -> Void
    /// What the last look found.
    private let isAway = Guarded(false)
    private let stopping = SystemSemaphore()
    private let thread = Guarded<SystemThread?>(nil)

    /// Of a file that is open now.
    ///
    /// - Parameter onChange: called with the fault when it is away, with nil when it is back; any thread of the store.
    init(path: String, onChange: @escaping @Sendable (StoreFault?) -> Void) throws(StoreFault) {
        self.onChange = onChange
        guard let identity = Identity(path) else { throw StoreFault(errno: errno, doing: "find", path: path) }
        let log = path + "-wal"
        files = [(path, identity)] + (Identity(log).map { [(log, $0)] } ?? [])
    }

    /// Begins to look by itself; once.
    ///
    /// - Throws: `unavailable` when there is no thread for it.
    func start() throws(StoreFault) {
        let started = try SystemThread.ofStore("store-place") { [self] in
            while !stopping.wait(atMost: Self.interval) { _ = look() }
        }
        thread.withLock { $0 = started }
    }

    func stop() { stopping.signal() }

    /// Stops, and waits for the thread.
    func close() {
        stop()
        thread.withLock { $0.take() }?.join()
    }

    /// Looks now; nil when the file is where it was.
    func look() -> StoreFault? {
        let missing = files.first { Identity($0.path) != $0.identity }
        let fault = missing.map { StoreFault(code: .fileMoved, detail: Self.advice($0.path)) }
        let changed = isAway.withLock { isAway in
            defer { isAway = fault != nil }
            return isAway != (fault != nil)
        }
        if changed { onChange(fault) }
        return fault
    }

    private static func advice(_ path: String) -> String {
        "\(path) was moved, deleted or replaced while it was open: nothing is written any more; put the same file back, or "
            + "restart the gateway on the file that is to be used"
    }
}
