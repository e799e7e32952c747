import Caching
import HTTPMessages
import Observability
import Serving
import Upstream
import Vocabulary

/// Writes the heads of replies, one at a time, into a reused buffer. Confined to its worker.
struct ReplyWriter: ~Copyable {
    /// The parts that every head has.
    struct Outline {
        var status: Int
        /// Nil for content that the gateway made or stored, which is sent as JSON.
        var contentType: [UInt8]?
        var contentLength: Int
        var requestID: RequestID
        var keepsAlive: Bool
        var isHTTP10: Bool
    }

    /// The further fields of a classify reply (`docs/api.md` §2).
    struct CacheFields {
        var status: CacheStatus
        var charged = MicroCredits.zero
        var saved = MicroCredits.zero
        /// The least that is left in any enforced budget that applies to the request; nil without one.
        var remaining: MicroCredits?
        /// Seconds since the vendor answered, on hits.
        var age: Int64?
    }

    private var head = ReplyHead(capacity: 1024)
    /// The range of the `Cache-Status` value in the head, without the cache's name; empty if there is none.
    private(set) var cacheStatusRange = 0..<0

    /// Lends the head. It must not be kept beyond `body`.
    borrowing func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result { head.fields.withBytes(body) }

    /// Clears the previous head.
    mutating func clear() {
        head.fields.removeAll()
        cacheStatusRange = 0..<0
    }

    /// Writes a whole head.
    ///
    /// - Parameters:
    ///   - contentEncoding: the value of that field, RFC 9110 §8.4.
    ///   - retryAfter: the value of that field, RFC 9110 §10.2.3.
    ///   - allow: the value of that field, RFC 9110 §10.2.1.
    ///   - isPrivate: whether no cache may store the reply, where `cache` does not say so.
    ///   - trace: that of the request; a classify reply tells it.
    mutating func write(
        _ outline: Outline,
        _ cache: CacheFields?,
        contentEncoding: [UInt8]? = nil,
        retryAfter: [UInt8]? = nil,
        allow: StaticString? = nil,
        isPrivate: Bool = false,
        trace: RequestTrace? = nil,
        now: Timestamp
    ) {
        cacheStatusRange = 0..<0
        head.begin(outline.status, now: now)
        writeContent(outline)
        if let contentEncoding { head.fields.field("Content-Encoding", contentEncoding) }
        if let allow { head.fields.field("Allow", allow) }
        if let retryAfter { head.fields.field("Retry-After", retryAfter) }
        if let cache { write(cache) } else if isPrivate { head.fields.append("Cache-Control: no-store\r\n") }
        if let trace, cache != nil { head.fields.field("traceparent", trace.parentOfReply) }
        head.fields.begin("x-request-id")
        head.fields.append { outline.requestID.write(to: &$0) }
        head.fields.endField()
        head.end(keepsAlive: outline.keepsAlive, isHTTP10: outline.isHTTP10)
    }

    /// Writes the head of a reply of the vendor's that is passed on.
    ///
    /// - Parameters:
    ///   - length: of the content, if it is known.
    ///   - charged: what the request cost; nil if that is not known yet.
    ///   - remaining: the least that is left in any enforced budget that applies to the request; nil without one.
    mutating func write(
        _ passed: PassageReplyHead,
        requestID: RequestID,
        length: Int64?,
        isChunked: Bool,
        charged: MicroCredits?,
        remaining: MicroCredits?,
        keepsAlive: Bool,
        isHTTP10: Bool,
        now: Timestamp
    ) {
        cacheStatusRange = 0..<0
        if passed.hasDate { head.begin(passed.status) } else { head.begin(passed.status, now: now) }
        head.fields.append(passed.fields)
        if isChunked { head.fields.field("Transfer-Encoding", "chunked") }
        if let length { head.fields.field("Content-Length", decimal: length) }
        if let charged { writeCredits("tollgate-credits-charged", charged) }
        if let remaining { writeCredits("tollgate-budget-remaining", remaining) }
        head.fields.begin("x-request-id")
        head.fields.append { requestID.write(to: &$0) }
        head.fields.endField()
        head.end(keepsAlive: keepsAlive, isHTTP10: isHTTP10)
    }

    private mutating func writeContent(_ outline: Outline) {
        if let contentType = outline.contentType {
            head.fields.field("Content-Type", contentType)
        } else if outline.contentLength > 0 {
            head.fields.append("Content-Type: application/json\r\n")
        }
        head.contentLength(outline.contentLength, status: outline.status)
    }

    private mutating func write(_ cache: CacheFields) {
        // A POST's answer is not for other caches (RFC 9110 §9.3.3).
        head.fields.append("Cache-Control: no-store\r\n")
        let start = head.fields.count + CacheStatus.fieldPrefix.utf8CodeUnitCount
        cache.status.write(into: &head.fields)
        cacheStatusRange = start..<(head.fields.count - 2)
        writeCredits("tollgate-credits-charged", cache.charged)
        writeCredits("tollgate-credits-saved", cache.saved)
        if let remaining = cache.remaining { writeCredits("tollgate-budget-remaining", remaining) }
        if let age = cache.age { head.fields.field("Age", decimal: age) }
    }

    private mutating func writeCredits(_ name: StaticString, _ amount: MicroCredits) {
        head.fields.begin(name)
        head.fields.append { amount.write(to: &$0) }
        head.fields.endField()
    }
}
