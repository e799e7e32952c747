import Cryptography
import HTTPMessages
import Observability
import Upstream
import Vocabulary

/// The trace that a request belongs to: W3C Trace Context. Confined to its worker.
///
/// The gateway takes part in a trace without recording it: the vendor gets a span of the gateway's own, and the access
/// log has both identifiers. A request without a trace gets none, since nobody would record it; `x-request-id` is what
/// finds it.
final class RequestTrace {
    let context: TraceContext
    /// What goes on as `tracestate`; nil for nothing.
    private let state: [UInt8]?
    /// The span of the call to the vendor; nil before there is one.
    private(set) var span: UInt64?

    /// Nil when the request has no valid `traceparent`, or several, or one with the client's key in it.
    init?(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        guard head.count(of: .traceParent) == 1, let range = head.first(.traceParent) else { return nil }
        let value = bytes.extracting(range.indices)
        let key = head.first(.apiKey).map { bytes.bytes(in: $0) } ?? []
        guard let context = TraceContext(traceparent: value), !value.contains(key.span) else { return nil }
        self.context = context
        state = Self.state(head, bytes, hiding: key)
    }

    /// The fields of a call to the vendor, with a new span.
    func fieldsOfCall() -> TraceFields {
        // From OpenSSL's generator, which makes no system call for it. Zero is no span.
        let random = RandomBytes.make(count: 8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let span = max(1, random)
        self.span = span
        return TraceFields(parent: context.traceparent(span: span), state: state)
    }

    /// The `traceparent` of the reply: the span of the call to the vendor, if there was one, else the client's own.
    var parentOfReply: [UInt8] { context.traceparent(span: span ?? context.parentID) }

    private static func state(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, hiding key: [UInt8]) -> [UInt8]? {
        guard head.has(.traceState) else { return nil }
        var lines: [[UInt8]] = []
        for field in head.fields where field.known == .traceState { lines.append(bytes.bytes(in: field.value)) }
        guard let state = TraceState.passedOn(lines), !state.span.contains(key.span) else { return nil }
        return KeyShape.firstSecret(in: state.span) == nil ? state : nil
    }
}
