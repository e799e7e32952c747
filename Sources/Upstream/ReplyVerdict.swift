import HTTPMessages
import JSON
import UpstreamKeys
import Vocabulary

/// What a complete response of the vendor means, by its status: `docs/faults.md` §3. Pure.
enum ReplyVerdict {
    /// Passed on: the vendor did what was asked.
    case success
    /// Passed on: the vendor did not do it, with what that says about its health.
    case pass(CircuitBreaker.Sign)
    /// Not an answer to the request, with what that says about the vendor's health.
    case fail(UpstreamFailure, CircuitBreaker.Sign)
    /// Not an answer either: a redirect, which is never followed.
    case redirect(location: [UInt8]?)
    /// The key must pause; the request waits and is sent again.
    case limited(Duration?)
    /// The vendor refused, because of the key or of the request; the ring rules which.
    case rejected(Rejection)

    static func judge(_ reader: ResponseReader, _ content: ReplyContent, now: Timestamp) -> ReplyVerdict {
        switch reader.status {
        case 200..<300:
            unreadable(content).map { .fail(.invalidReply($0), .failure) } ?? .success
        case 300..<400: .redirect(location: reader.location)
        case 401: .rejected(hasErrorShape(content.body) ? .unauthorizedInShape : .unauthorized)
        case 403: .rejected(hasErrorShape(content.body) ? .refused : .forbidden)
        case 429: .limited(reader.retryAfter.flatMap { RetryAfter.parse($0.span, now: now) })
        case 500, 503: error(reader.status, content, .failure)
        // This is about the request, not about the vendor's health: `docs/faults.md` §3.
        case 400..<500: error(reader.status, content, .neutral)
        case 504: .fail(timeout, .failure)
        default: .fail(.invalidReply("the vendor answered \(reader.status)"), .failure)
        }
    }

    /// An error is passed on, still encoded if its coding is not supported. One that fails to decode is not: it could
    /// be neither read nor searched for the vendor's key. Its status still says that nothing was charged.
    private static func error(_ status: Int, _ content: ReplyContent, _ sign: CircuitBreaker.Sign) -> ReplyVerdict {
        guard let fault = content.fault else { return .pass(sign) }
        return .fail(
            UpstreamFailure(
                .invalidResponse,
                charged: .no,
                source: .vendor,
                "the vendor answered \(status), and \(fault)"
            ),
            sign
        )
    }

    /// Why a body cannot be read; nil when it can.
    private static func unreadable(_ content: ReplyContent) -> String? {
        if let fault = content.fault { return "\(fault)" }
        // The coding is not named: the field was not searched for the vendor's key.
        return content.encoding == nil ? nil : "the body has a content coding that is not known here"
    }

    private static var timeout: UpstreamFailure {
        UpstreamFailure(.timeout, charged: .unknown, source: .vendor, "the vendor answered 504")
    }

    /// `{"success": false, "error": CODE, …}`: the error is the vendor's own, not that of a proxy in front of it.
    static func hasErrorShape(_ body: [UInt8]) -> Bool {
        guard let value = try? JSONValue.parse(body.span), case .bool(false)? = value["success"],
            case .string? = value["error"]
        else { return false }
        return true
    }
}

extension ReplyVerdict {
    /// The answer that the state machine of a call is told.
    ///
    /// - Parameters:
    ///   - status: of the response.
    ///   - scrub: masks the keys that were sent.
    ///   - reply: the response, without secrets.
    func answer(
        status: Int,
        scrub: ([UInt8]) -> [UInt8],
        _ reply: @autoclosure () -> UpstreamReply
    ) -> UpstreamAttempt.StateMachine.Answer {
        switch self {
        case .success: .final(.reply(reply()), .succeeded)
        case .pass(let sign): .final(.reply(reply()), .answered(sign))
        case .fail(let failure, let sign): .final(.unusable(reply(), failure), .answered(sign))
        case .redirect(let location):
            .final(.unusable(reply(), .redirected(status, location: location.map(scrub))), .failed)
        case .limited(let pause): .limited(pause)
        case .rejected(let rejection): .rejected(rejection, reply())
        }
    }
}

extension UpstreamFailure {
    /// The vendor answered with a redirect, which is never followed: the key belongs to the vendor's own address, and a
    /// vendor that redirects has not done the work.
    ///
    /// - Parameter location: the redirect's target, without secrets.
    static func redirected(_ status: Int, location: [UInt8]?) -> UpstreamFailure {
        let target = location.map { "Location: \(LogText.cleaned($0))" } ?? "no Location"
        let detail = "the vendor answered \(status) with \(target)"
        return UpstreamFailure(.invalidResponse, charged: .no, source: .vendor, detail)
    }
}
