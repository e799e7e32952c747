import Glibc

/// A named pipe that a process writes to; it is read only when the test asks for it.
public final class StalledReader {
    public let path: String
    private let folder: TemporaryFolder
    private let descriptor: Int32
    private var received: [UInt8] = []

    /// - Parameter capacity: the number of bytes that the pipe holds before a writer blocks; the system rounds it up to
    ///   a page.
    public init(capacity: Int32 = 4_096) throws {
        folder = try TemporaryFolder()
        path = folder.file("pipe")
        // Open for both, so that neither side waits for the other, and a writer never finds it without a reader.
        guard mkfifo(path, 0o600) == 0 else { throw TestFailure("mkfifo: \(String(cString: strerror(errno)))") }
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestFailure("open: \(String(cString: strerror(errno)))") }
        // F_SETPIPE_SZ, which the Glibc module lacks.
        _ = fcntl(descriptor, 1_031, capacity)
    }

    deinit { close(descriptor) }

    /// Reads until a complete line begins with `prefix`, and returns the rest of that line.
    public func line(after prefix: String, _ deadline: Deadline = .generous) throws -> String {
        while true {
            let text = String(decoding: received, as: UTF8.self)
            let lines = text.split(separator: "\n").dropLast(hasPartialLine ? 1 : 0)
            if let line = lines.first(where: { $0.hasPrefix(prefix) }) { return String(line.dropFirst(prefix.count)) }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, deadline.millisecondsLeft) > 0 else {
                throw TestFailure("no line begins with \(prefix): \(String(decoding: received, as: UTF8.self))")
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 { received += buffer[..<count] }
        }
    }

    /// Waits until the pipe is full: from here on its writers block.
    public func waitUntilFull(_ deadline: Deadline = .generous) throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while poll(&entry, 1, 0) > 0, entry.revents & Int16(POLLOUT) != 0 {
            guard !deadline.hasPassed else { throw TestFailure("the pipe does not get full") }
            usleep(1_000)
        }
    }

    private var hasPartialLine: Bool { received.last != 0x0A }
}
