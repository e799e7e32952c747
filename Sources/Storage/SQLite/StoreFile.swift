import Glibc
import Vocabulary

/// The store's file before SQLite sees it.
enum StoreFile {
    /// SQLite takes a shorter file for an empty one and would write over it.
    private static let databaseBytesMin = 512

    /// The path from the root without symbolic links; the file itself need not exist, its folder must.
    ///
    /// What is there and is no file is refused, before anything is made beside it.
    static func resolve(_ path: String) throws(StoreFault) -> String {
        if let whole = realPath(path) {
            var status = stat()
            guard unsafe stat(whole, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw StoreFault(code: .unavailable, detail: "\(path) is no regular file")
            }
            return whole
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        guard let name = parts.last, name != ".", name != ".." else {
            throw StoreFault(errno: EISDIR, doing: "open", path: path)
        }
        let parent = parts.dropLast().joined(separator: "/")
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        guard let realParent = realPath(isAbsolute ? "/" + parent : parent.isEmpty ? "." : parent) else {
            throw StoreFault(errno: errno, doing: "open the folder of", path: path)
        }
        return realParent == "/" ? "/" + name : realParent + "/" + name
    }

    /// Makes the file if it is not there, for its owner only (SQLite gives the files beside it the same mode), and
    /// finds out whether it can be written: SQLite would open it for reading without a word.
    static func prepare(_ path: String) throws(StoreFault) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreFault(errno: errno, doing: "write", path: path) }
        var status = stat()
        let result = unsafe fstat(descriptor, &status)
        close(descriptor)
        guard result == 0 else { throw StoreFault(errno: errno, doing: "read", path: path) }
        // A file cut short while it was made has a journal beside it, from which SQLite mends it.
        let isCutShort = status.st_size > 0 && status.st_size < databaseBytesMin
        if isCutShort, unsafe access(path + "-journal", F_OK) != 0 {
            throw StoreFault(code: .corrupt, detail: "\(path) is no database")
        }
    }

    /// Whether this user may write the file, or make it when it is not there.
    ///
    /// - Parameter path: as `resolve` gives it.
    static func checkPlace(_ path: String) throws(StoreFault) {
        if unsafe access(path, F_OK) == 0 {
            guard unsafe access(path, R_OK | W_OK) == 0 else {
                throw StoreFault(errno: errno, doing: "write", path: path)
            }
        } else {
            let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
            guard unsafe access(folder, W_OK | X_OK) == 0 else {
                throw StoreFault(errno: errno, doing: "write the folder of", path: path)
            }
        }
    }

    /// Makes the names beside the file durable: a log whose name a power failure takes away is lost with all that is
    /// in it. SQLite does this too, and ignores its failure.
    static func syncFolder(of path: String) throws(StoreFault) {
        let descriptor = unsafe open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreFault(errno: errno, doing: "open the folder of", path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw StoreFault(errno: errno, doing: "make durable the folder of", path: path)
        }
    }

    /// The folder in which a path lies.
    static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func realPath(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
