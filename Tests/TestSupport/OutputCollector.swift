import Foundation
import Glibc

/// Reads a pipe to its end on its own thread and keeps everything. Guarded by its condition.
public final class OutputCollector: @unchecked Sendable {
    // Touched only while `condition` is locked.
    private let condition = NSCondition()
    private var collected: [UInt8] = []
    private var hasEnded = false

    /// Takes ownership of the descriptor and closes it at the end.
    init(owning descriptor: Int32) {
        let thread = Thread { [self] in
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                condition.lock()
                if count > 0 { collected += buffer[..<count] } else { hasEnded = true }
                condition.broadcast()
                condition.unlock()
                guard count > 0 else { break }
            }
            close(descriptor)
        }
        thread.start()
    }

    public var bytes: [UInt8] {
        condition.withLock { collected }
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Complete lines so far, without their line ends.
    public var lines: [String] {
        let text = text
        guard let last = text.lastIndex(of: "\n") else { return [] }
        return text[..<last].split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Waits until `isEnough` is true of the complete lines; false when the pipe ended or the deadline passed first.
    public func wait(_ deadline: Deadline = .generous, until isEnough: ([String]) -> Bool) -> Bool {
        while true {
            condition.lock()
            let seen = collected.count
            let ended = hasEnded
            condition.unlock()
            if isEnough(lines) { return true }
            if ended || deadline.hasPassed { return false }
            condition.lock()
            if collected.count == seen, !hasEnded { _ = condition.wait(until: deadline.date) }
            condition.unlock()
        }
    }

    /// Waits until the other side closed the pipe.
    public func waitForEnd(_ deadline: Deadline = .generous) -> Bool {
        condition.withLock {
            while !hasEnded, !deadline.hasPassed { _ = condition.wait(until: deadline.date) }
            return hasEnded
        }
    }
}
