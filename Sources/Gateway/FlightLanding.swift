import Budgeting
import Caching
import JSON
import UpstreamKeys
import Vocabulary

/// The outcome of a flight as it is left for the requests of other nodes that follow it, and read by them.
///
/// What only the leader's own request gets, such as a denial by its team's budget, is no outcome for others: they ask
/// again. What a landing says comes from another node's process, whose version may be another one: what is not
/// understood is not there, and the question is asked again.
enum FlightLanding {
    /// - Parameter outcome: nil while there is none.
    static func make(_ outcome: FlightOutcome?) -> Landing {
        switch outcome {
        case .forwarded(let reply, _): Landing(outcome: text(members(reply)), body: reply.body)
        case .failed(let failure, _, let charged): Landing(outcome: text(members(failure, charged)), body: [])
        case .found, .denied, .storeFailed, .refused, .elsewhere, nil:
            Landing(outcome: text([("kind", .string("lost"))]), body: [])
        }
    }

    /// Nil when the question is to be asked again.
    ///
    /// - Parameter stale: what may be served in place of a failure.
    static func outcome(of landing: Landing, stale: CachedResult?) -> FlightOutcome? {
        let bytes = Array(landing.outcome.utf8)
        guard let value = try? JSONValue.parse(bytes.span) else { return nil }
        switch value.word("kind") {
        case "reply": return reply(value, landing.body).map { .forwarded($0, stale: stale) }
        case "failure":
            guard let failure = failure(value) else { return nil }
            return .failed(failure, stale: stale, charged: value.credits("charged_credits") ?? .zero)
        default: return nil
        }
    }

    private static func text(_ members: [(name: String, value: JSONValue)]) -> String {
        String(decoding: JSONValue.object(members).text, as: UTF8.self)
    }

    private static func members(_ reply: ForwardedReply) -> [(name: String, value: JSONValue)] {
        func text(_ bytes: [UInt8]?) -> JSONValue { .orNull(bytes) { .string(String(decoding: $0, as: UTF8.self)) } }
        return [
            ("kind", .string("reply")), ("status", .integer(reply.status)), ("content_type", text(reply.contentType)),
            ("retry_after", text(reply.retryAfter)), ("content_encoding", text(reply.contentEncoding)),
            ("credits", .orNull(reply.credits) { .integer($0.micros) }),
            ("duration", .integer(reply.duration.wholeNanoseconds)),
            ("queued", .integer(reply.queued.wholeNanoseconds)),
        ]
    }

    private static func reply(_ value: JSONValue, _ body: [UInt8]) -> ForwardedReply? {
        guard let status = value.integer("status"), (100...599).contains(status) else { return nil }
        let names = ["content_type", "retry_after", "content_encoding"]
        guard names.allSatisfy({ value.word($0).map(isFieldValue) ?? true }) else { return nil }
        func bytes(_ name: String) -> [UInt8]? { value.word(name).map { Array($0.utf8) } }
        func duration(_ name: String) -> Duration { .nanoseconds(max(0, value.integer(name) ?? 0)) }
        return ForwardedReply(
            status: Int(status),
            contentType: bytes("content_type"),
            retryAfter: bytes("retry_after"),
            contentEncoding: bytes("content_encoding"),
            body: body,
            credits: value.credits("credits"),
            result: nil,
            duration: duration("duration"),
            queued: duration("queued")
        )
    }

    /// RFC 9110 §5.5: no control characters. The row may have been written by anything.
    private static func isFieldValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private static func members(
        _ failure: UpstreamFailure,
        _ charged: MicroCredits
    ) -> [(name: String, value: JSONValue)] {
        [
            ("kind", .string("failure")), ("code", .string(failure.code.errorCode.rawValue)),
            ("charged", .string(failure.charged.rawValue)), ("source", .string(failure.source.rawValue)),
            ("detail", .string(failure.detail)), ("retry_after", .orNull(failure.retryAfterSeconds) { .integer($0) }),
            ("charged_credits", .integer(charged.micros)),
        ]
    }

    private static func failure(_ value: JSONValue) -> UpstreamFailure? {
        guard let code = UpstreamFailure.Code.allCases.first(where: { $0.errorCode.rawValue == value.word("code") }),
            // Another node's end is none of the vendor's: the question is asked again.
            code != .draining,
            let charged = value.word("charged").flatMap(UpstreamFailure.Charge.init(rawValue:)),
            let source = value.word("source").flatMap(UpstreamFailure.Source.init(rawValue:))
        else { return nil }
        return UpstreamFailure(
            code,
            charged: charged,
            source: source,
            value.word("detail") ?? "",
            retryAfterSeconds: value.integer("retry_after").map { Int(min(max($0, 1), 86_400)) }
        )
    }
}

extension JSONValue {
    fileprivate func word(_ name: String) -> String? {
        guard case .string(let text)? = self[name] else { return nil }
        return text
    }

    fileprivate func integer(_ name: String) -> Int64? {
        guard case .number(let text)? = self[name] else { return nil }
        return Int64(text)
    }

    fileprivate func credits(_ name: String) -> MicroCredits? {
        integer(name).map { MicroCredits(micros: max($0, 0)) }
    }
}
