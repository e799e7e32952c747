import HTTPMessages
import Keying
import Vocabulary

/// What a whole response of the vendor means, by its status: FAULTS §3. Pure.
enum ReplyVerdict {
    /// Passed on, and what it says of the vendor's health.
    case pass(CircuitBreaker.Sign)
    /// No answer to the request: the vendor does not work as it should.
    case fail(UpstreamFailure)
    /// The key has to pause; the request waits and is sent again.
    case limited(Duration?)
    /// The vendor refused, and not for what the request says: it is the key, or the document, which the ring rules on.
    case rejected(Rejection)

    static func judge(_ reader: ResponseReader, now: Timestamp) -> ReplyVerdict {
        switch reader.status {
        case 200..<300: .pass(.success)
        case 401: .rejected(.unauthorized)
        case 403: .rejected(hasErrorShape(reader.body) ? .refused : .forbidden)
        case 429: .limited(reader.retryAfter.flatMap { RetryAfter.parse($0.span, now: now) })
        case 500, 503: .pass(.failure)
        case 400..<500: .pass(.success)
        case 504: .fail(timeout)
        default: .fail(.invalidReply("the vendor answered \(reader.status)"))
        }
    }

    private static var timeout: UpstreamFailure {
        UpstreamFailure(.timeout, charged: .unknown, source: .vendor, "the vendor answered 504")
    }

    /// `{"success": false, "error": CODE, …}`: the vendor speaks, and not what stands before it.
    private static func hasErrorShape(_ body: [UInt8]) -> Bool {
        guard let value = try? JSONValue.parse(body.span), case .bool(false)? = value["success"],
            case .string? = value["error"]
        else { return false }
        return true
    }
}
