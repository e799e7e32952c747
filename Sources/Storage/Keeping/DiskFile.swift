import Cryptography
import Glibc
import Vocabulary

/// A file that this room writes or reads beside SQLite: a copy that is made, a backup that is restored.
///
/// Confined to one thread at a time. Never for a file that SQLite has open and others may lock: it would lose its locks
/// on it when the descriptor is closed.
@safe
final class DiskFile {
    static let pieceBytes = 1 << 20
    /// Where a database says how it is read and written: 1 for a rollback journal, 2 for a write-ahead log.
    /// <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>
    private static let formatOffset: off_t = 18

    let path: String
    private let descriptor: Int32  // owned: closed in deinit

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// An empty file for its owner only; what is there of an earlier one is dropped.
    static func make(_ path: String) throws(StoreFault) -> DiskFile {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreFault(errno: errno, doing: "make", path: path) }
        return DiskFile(path: path, descriptor: descriptor)
    }

    /// - Throws: also when it is no regular file.
    static func read(_ path: String) throws(StoreFault) -> DiskFile {
        // A pipe that nobody writes to must not be waited for.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreFault(errno: errno, doing: "read", path: path) }
        let file = DiskFile(path: path, descriptor: descriptor)
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw StoreFault(code: .unavailable, detail: "\(path) is no regular file")
        }
        return file
    }

    func byteCount() throws(StoreFault) -> Int64 { Int64(try status().st_size) }

    private func status() throws(StoreFault) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw fault("read") }
        return status
    }

    /// The bytes from `offset` on, at most `count`; none at the end.
    func bytes(at offset: Int64, atMost count: Int) throws(StoreFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var result = unsafe bytes.withUnsafeMutableBytes {
            unsafe pread(descriptor, $0.baseAddress, count, off_t(offset))
        }
        while result < 0, errno == EINTR {
            result = unsafe bytes.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress, count, off_t(offset))
            }
        }
        guard result >= 0 else { throw fault("read") }
        bytes.removeLast(count - result)
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: Int64) throws(StoreFault) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe pwrite(
                    descriptor,
                    bytes.baseAddress! + written,
                    bytes.count - written,
                    off_t(offset) + off_t(written)
                )
            }
            if count > 0 { written += count } else if errno != EINTR { throw fault("write") }
        }
    }

    /// Marks a database as one without a write-ahead log, as `PRAGMA journal_mode = DELETE` does: it is whole without a
    /// file beside it. Only when there is no log.
    func markRollbackJournal() throws(StoreFault) { try write([1, 1], at: Int64(Self.formatOffset)) }

    /// fdatasync(2).
    func syncData() throws(StoreFault) { guard fdatasync(descriptor) == 0 else { throw fault("make durable") } }

    /// fsync(2).
    func sync() throws(StoreFault) { guard fsync(descriptor) == 0 else { throw fault("make durable") } }

    /// SHA-256 of all that it has.
    ///
    /// - Parameter mayGoOn: called before each piece.
    func digest(_ mayGoOn: () throws(StoreFault) -> Void = {}) throws(StoreFault) -> (Digest, byteCount: Int64) {
        let hasher = SHA256Hasher()
        var offset: Int64 = 0
        while true {
            try mayGoOn()
            let piece = try bytes(at: offset, atMost: Self.pieceBytes)
            if piece.isEmpty { return (hasher.finalize(), offset) }
            hasher.update(piece)
            offset += Int64(piece.count)
        }
    }

    private func fault(_ action: String) -> StoreFault { StoreFault(errno: errno, doing: action, path: path) }
}

/// Names and room on the disk. Opens nothing.
enum DiskPlace {
    /// Free bytes for this user where the file is.
    static func free(at path: String) throws(StoreFault) -> Int64 {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else {
            throw StoreFault(errno: errno, doing: "find the free space of", path: path)
        }
        let blocks = Int64(clamping: status.f_bavail)
        return blocks.saturatingMultiply(Int64(clamping: status.f_frsize))
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Takes a name away, if it is there and can be.
    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Gives a file a second name, link(2).
    static func link(_ path: String, as second: String) throws(StoreFault) {
        guard unsafe Glibc.link(path, second) == 0 else {
            throw StoreFault(errno: errno, doing: "keep as \(second)", path: path)
        }
    }

    /// Gives a file the name of another one, rename(2).
    static func rename(_ path: String, to name: String) throws(StoreFault) {
        guard unsafe Glibc.rename(path, name) == 0 else { throw StoreFault(errno: errno, doing: "replace", path: name) }
    }

    /// The size of a file; 0 when there is none.
    static func byteCount(of path: String) -> Int64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
