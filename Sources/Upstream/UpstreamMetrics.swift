public import Metrics
import UpstreamKeys
public import Vocabulary

/// What the calls of one worker came to. Immutable but for its figures, which are atomic or guarded: the worker writes,
/// any thread reads.
public final class UpstreamMetrics: Sendable {
    /// How long calls took from their first byte to the end of the reply, failed ones included.
    public let duration = Histogram(.long)
    /// How long calls waited at the gate.
    public let queueWait = Histogram(.long)
    /// Calls without an answer that may be passed on, by the code that clients get.
    public let errors = CounterTable<ErrorCode>()
    /// Answers of the vendor, by the hundreds of their status.
    public let replies = CounterTable<Int>()

    init() {}

    /// Counts the outcome of a call.
    ///
    /// - Parameter took: since its first byte went out; nil if none did.
    func note(_ outcome: UpstreamOutcome, took: Duration?) {
        if let took { duration.observe(took) }
        switch outcome {
        case .reply(let reply): replies.add(reply.status / 100)
        case .unusable(_, let failure), .failure(let failure): errors.add(failure.code.errorCode)
        case .givenUp, .abandoned: break
        }
    }
}
