import Foundation
import Glibc

/// A file that has its name only when it is complete and on the disk. Confined to one command.
final class BackupFile {
    private let path: String
    private let descriptor: Int32  // owned: closed in deinit

    /// - Throws: `UsageFault` when it cannot be made.
    init(_ path: String) throws {
        self.path = path
        _ = unlink(path)
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.fault("made", path) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count > 0 { written += count } else if errno != EINTR { throw Self.fault("written", path) }
        }
    }

    /// Makes what was written durable.
    func finish() throws { guard fsync(descriptor) == 0 else { throw Self.fault("made durable", path) } }

    /// Gives it its name, durably.
    func rename(to name: String) throws {
        guard Glibc.rename(path, name) == 0 else { throw Self.fault("named \(name)", path) }
        let folder = URL(fileURLWithPath: name).deletingLastPathComponent().path
        let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(folderDescriptor) }
        guard folderDescriptor >= 0, fsync(folderDescriptor) == 0 else { throw Self.fault("made durable", folder) }
    }

    func discard() { _ = unlink(path) }

    private static func fault(_ action: String, _ path: String) -> UsageFault {
        UsageFault(description: "\(path): cannot be \(action): \(String(cString: strerror(errno)))")
    }
}
