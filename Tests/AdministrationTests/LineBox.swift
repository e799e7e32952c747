import Administration
import Foundation
import TestSupport

/// The log lines that a server reported. Guarded by its condition.
final class LineBox: @unchecked Sendable {
    // Touched only while `condition` is locked.
    private var lines: [AdminRequestLine] = []
    private let condition = NSCondition()

    func append(_ line: AdminRequestLine) {
        condition.lock()
        defer { condition.unlock() }
        lines.append(line)
        condition.broadcast()
    }

    /// Waits for `count` lines and returns all of them.
    func wait(for count: Int) throws -> [AdminRequestLine] {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Deadline.generous
        while lines.count < count {
            guard condition.wait(until: deadline.date) else { throw TestFailure("only \(lines.count) lines came") }
        }
        return lines
    }
}
