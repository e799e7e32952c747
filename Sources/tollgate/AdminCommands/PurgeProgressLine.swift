import AdminClient
import EventLoops
import Glibc
import JSON
import Vocabulary

/// A line on the terminal that says how far a purge is, while another thread waits for its answer. Immutable: its
/// thread hears of the end by a semaphore.
///
/// Nothing is shown when standard error is no terminal, nor within the first second. A status that cannot be read is
/// left out: the answer to the purge says what is wrong.
final class PurgeProgressLine: Sendable {
    private static let interval = Duration.seconds(1)
    /// Back to the start of the line, and nothing on it: ECMA-48 CR and EL.
    private static let clearing = "\r\u{1B}[K"

    private let ended = SystemSemaphore()
    private let thread: SystemThread?

    /// - Parameter what: the purge, as the status names it.
    init(of what: String, _ client: AdminCaller) {
        guard isatty(STDERR_FILENO) == 1 else {
            thread = nil
            return
        }
        let client = client.waiting(atMost: .seconds(5))
        thread = try? SystemThread.start(name: "progress") { [ended] in
            var isShown = false
            while !ended.wait(atMost: Self.interval) {
                guard let text = Self.text(what, client) else { continue }
                StandardError.write(Self.clearing + text)
                isShown = true
            }
            if isShown { StandardError.write(Self.clearing) }
        }
    }

    /// Takes the line away.
    func end() {
        ended.signal()
        thread?.join()
    }

    private static func text(_ what: String, _ client: AdminCaller) -> String? {
        guard let status = try? client.send(AdminCall(.get, ["status"])) else { return nil }
        return text(what, status)
    }

    /// The line for a status; nil when the purge is not under way.
    static func text(_ what: String, _ status: JSONValue) -> String? {
        guard case .array(let purges)? = status["purges"] else { return nil }
        // The latest one, should there be several of the same.
        let purge = purges.last { purge in
            guard case .string(what)? = purge["what"] else { return false }
            return true
        }
        guard let purge else { return nil }
        guard case .number(let purged)? = purge["purged"] else { return nil }
        guard case .number(let remaining)? = purge["remaining"] else { return "\(purged) results removed" }
        return "\(purged) results removed, \(remaining) left"
    }
}
