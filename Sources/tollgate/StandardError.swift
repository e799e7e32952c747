import Glibc

/// Lines for the person at the terminal that are not the program's result.
///
/// Lines that the descriptor does not take are lost, without further consequences. A stalled reader is waited for at
/// most one second.
enum StandardError {
    private static let patienceMilliseconds: Int32 = 1_000
    /// A pipe that poll(2) reports as writable takes this many bytes without blocking, PIPE_BUF of pipe(7).
    private static let pieceMax = 4_096

    static func print(_ line: String) { write(line + "\n") }

    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            var entry = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&entry, 1, patienceMilliseconds) > 0 else { return }
            let piece = bytes[sent...].prefix(pieceMax)
            let count = piece.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { sent += count } else if errno != EINTR { return }
        }
    }
}
