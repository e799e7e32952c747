import Foundation
import TestSupport

/// Clients that ask about one new document after another, each on its own connection, until they are stopped.
///
/// Guarded by its condition. The vendor's delay sets their rate, since each client waits for it.
final class SteadyLoad: @unchecked Sendable {
    private let gateway: Gateway
    private let key: @Sendable () -> String
    private let condition = NSCondition()
    // Touched only while `condition` is locked.
    private var isStopped = false
    private var running: Int
    private var replies = 0
    private var failures: [String] = []

    /// - Parameter key: the key of the next request.
    init(_ gateway: Gateway, clients: Int, key: @escaping @Sendable () -> String = { Gateway.keyA }) {
        self.gateway = gateway
        self.key = key
        running = clients
        for _ in 0..<clients { Thread { [self] in run() }.start() }
    }

    private func run() {
        do {
            let connection = try gateway.connect()
            while !condition.withLock({ isStopped }) {
                try connection.send(TestRequest.classify(SampleRequests.about(), key: key()).bytes)
                let reply = try connection.response()
                condition.withLock {
                    replies += 1
                    condition.broadcast()
                    if reply.status != 200 { failures.append("\(reply.status) \(reply.text)") }
                }
            }
        } catch {
            condition.withLock { failures.append("\(error)") }
        }
        condition.withLock {
            running -= 1
            condition.broadcast()
        }
    }

    var replyCount: Int { condition.withLock { replies } }

    /// Waits for so many more replies; false when they do not come, which fails the test.
    func wait(forMore count: Int) -> Bool {
        let end = Deadline.generous.date
        return condition.withLock {
            let wanted = replies + count
            while replies < wanted {
                guard condition.wait(until: end) else { return false }
            }
            return true
        }
    }

    /// Lets requests under way finish; returns everything that went wrong.
    func stop() -> [String] {
        condition.withLock {
            isStopped = true
            while running > 0 { condition.wait() }
            return failures
        }
    }
}
