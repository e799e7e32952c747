import HTTPMessages
import Vocabulary

/// The value of a `Retry-After` field (RFC 9110 §10.2.3).
enum RetryAfter: Equatable, Sendable {
    case seconds(Int)
    /// A date this many seconds after the moment of the reply.
    case date(secondsFromNow: Int)
    /// Any text, sent as is.
    case text(String)

    func fieldValue(at now: Timestamp) -> String {
        switch self {
        case .seconds(let seconds): return String(seconds)
        case .date(let seconds):
            var bytes: [UInt8] = []
            HTTPDate.write(secondsSinceEpoch: now.wholeSeconds + Int64(seconds), into: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        case .text(let text): return text
        }
    }
}
