import Glibc

/// What tells one state of a file from another, by stat(2): which file a path leads to, behind any symbolic links, and
/// when it was written. Immutable.
public enum FileState: Sendable, Hashable {
    case absent
    case present(FileVersion)
    /// It could not be found out, or was not the same all the time; equal to itself alone.
    case unknown

    /// Blocks as long as the file system does.
    public init(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self = [ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG].contains(errno) ? .absent : .unknown
            return
        }
        self.init(status)
    }

    init(_ status: stat) {
        self = .present(
            FileVersion(
                device: UInt64(status.st_dev),
                inode: UInt64(status.st_ino),
                size: Int64(status.st_size),
                modified: FileVersion.Moment(status.st_mtim),
                changed: FileVersion.Moment(status.st_ctim)
            )
        )
    }
}

/// One version of a file. Immutable.
public struct FileVersion: Sendable, Hashable {
    public struct Moment: Sendable, Hashable {
        var seconds: Int64
        var nanoseconds: Int64

        init(_ time: timespec) {
            seconds = Int64(time.tv_sec)
            nanoseconds = Int64(time.tv_nsec)
        }
    }

    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Moment
    /// Of the inode: set by the system alone, and by a change of owner or mode too.
    var changed: Moment
}

/// The states of files by their paths.
public typealias FileStates = [String: FileState]
