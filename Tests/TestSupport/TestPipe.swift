import Glibc

/// A pipe whose ends a test reads, fills and closes by itself. Confined to one thread at a time.
public final class TestPipe {
    public let writing: Int32
    private let reading: Int32
    private var isReaderOpen = true
    private var unfinished: [UInt8] = []

    /// - Parameter blocks: whether a write to the full pipe waits.
    public init(blocks: Bool = true) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestFailure("no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
        if !blocks { _ = fcntl(writing, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        closeReader()
        close(writing)
    }

    public func closeReader() {
        if isReaderOpen { close(reading) }
        isReaderOpen = false
    }

    /// Reads until at least `count` lines are whole, and answers those; what follows the last stays for the next call.
    public func lines(_ count: Int) throws -> [String] {
        var found = 0
        let deadline = Deadline.generous
        while found < count { found += try readSome(deadline) }
        let end = unfinished.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        defer { unfinished.removeFirst(end) }
        return String(decoding: unfinished[..<end], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Reads until a line is whole, and answers the first; further ones stay for the next call.
    public func line() throws -> String {
        let deadline = Deadline.generous
        while true {
            if let end = unfinished.firstIndex(of: 0x0A) {
                defer { unfinished.removeFirst(end + 1) }
                return String(decoding: unfinished[..<end], as: UTF8.self)
            }
            _ = try readSome(deadline)
        }
    }

    /// Reads what is there; answers how many lines it ends.
    private func readSome(_ deadline: Deadline) throws -> Int {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, deadline.millisecondsLeft) > 0 else { throw TestFailure("too few lines came") }
        let length = read(reading, &buffer, buffer.count)
        guard length > 0 else { throw TestFailure("the pipe ended after too few lines") }
        unfinished += buffer[..<length]
        return buffer[..<length].count { $0 == 0x0A }
    }

    /// What can be read without waiting.
    public var waiting: Int {
        var count: Int32 = 0
        _ = withUnsafeMutablePointer(to: &count) { ioctl(reading, UInt(FIONREAD), $0) }
        return Int(count)
    }
}
