import Glibc
import Vocabulary

/// Holds the store's file for this process, so that a second one refuses instead of writing beside it.
///
/// Immutable. A lock of flock(2) on a file beside the store: the kernel gives it back when the process ends, however it
/// ends. The lock file is never removed, since another process may just have opened it to lock it. The store's own file
/// would not do: SQLite loses its locks on it when any descriptor of it in this process is closed
/// (<https://www.sqlite.org/howtocorrupt.html> §2.2).
@safe
final class StoreLock: Sendable {
    private let descriptor: Int32  // owned: closed in deinit, which gives the lock back

    /// - Parameter path: of the store, without symbolic links, so that two names of one file have one lock.
    init(path: String) throws(StoreFault) {
        let name = path + ".lock"
        let descriptor = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreFault(errno: errno, doing: "open", path: name) }
        var result = flock(descriptor, LOCK_EX | LOCK_NB)
        while result != 0, errno == EINTR { result = flock(descriptor, LOCK_EX | LOCK_NB) }
        guard result == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let fault = StoreFault(errno: errno, doing: "lock", path: name)
            let holder = StoreLock.holder(descriptor)
            close(descriptor)
            guard isHeld else { throw fault }
            throw StoreFault(
                code: .inUse,
                detail: "\(path) is open in another process\(holder): one at a time can use it"
            )
        }
        self.descriptor = descriptor
        let text = Array("\(getpid())\n".utf8)
        // The number only helps a person to find the process; without it the lock is as good.
        if ftruncate(descriptor, 0) == 0 {
            _ = unsafe text.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        }
    }

    deinit { close(descriptor) }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        let digits = bytes.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) }
        return digits.isEmpty ? "" : " (\(String(decoding: digits, as: UTF8.self)))"
    }
}

extension StoreFault {
    /// A failure of the system to give access to a file.
    init(errno number: Int32, doing action: String, path: String) {
        let code: Code =
            switch number {
            case EACCES, EPERM, EROFS: .readOnly
            case ENOSPC, EDQUOT: .full
            default: .unavailable
            }
        let cause = unsafe String(cString: strerror(number))
        self.init(code: code, detail: "cannot \(action) \(path): \(cause)")
    }
}
