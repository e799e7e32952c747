import Caching
import HTTPMessages
import Observability
import Transport
import Vocabulary

/// Writes the heads of replies, one at a time, into a buffer that is used again. Confined to its worker.
struct ReplyWriter: ~Copyable {
    /// What every head has.
    struct Outline {
        var status: Int
        /// Nil for what is made here, which is JSON.
        var contentType: [UInt8]?
        var contentLength: Int
        var requestID: RequestID
        var keepsAlive: Bool
        var isHTTP10: Bool
    }

    /// What a classify reply says besides (contract §4).
    struct CacheFields {
        var status: CacheStatus
        var charged = MicroCredits.zero
        var saved = MicroCredits.zero
        /// The least that is left in any enforced budget that concerns the request; nil without one.
        var remaining: MicroCredits?
        /// Seconds since the vendor answered, on hits.
        var age: Int64?
    }

    private var head = HeadWriter(capacity: 1024)
    /// Where the value of `Cache-Status` stands in the head, without the cache's name; empty when there is none.
    private(set) var cacheStatusRange = 0..<0
    private var dateSecond = Int64.min
    private var date: [UInt8] = []

    /// How long the head is.
    var count: Int { head.count }

    /// Lends the head. It must not be kept beyond `body`.
    borrowing func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result { head.withBytes(body) }

    /// Forgets the last head.
    mutating func clear() {
        head.removeAll()
        cacheStatusRange = 0..<0
    }

    /// Writes a whole head.
    ///
    /// - Parameters:
    ///   - contentEncoding: the value of that field, RFC 9110 §8.4.
    ///   - retryAfter: the value of that field, RFC 9110 §10.2.3.
    ///   - allow: the value of that field, RFC 9110 §10.2.1.
    mutating func write(
        _ outline: Outline,
        _ cache: CacheFields?,
        contentEncoding: [UInt8]? = nil,
        retryAfter: [UInt8]? = nil,
        allow: StaticString? = nil,
        now: Timestamp
    ) {
        clear()
        head.statusLine(outline.status)
        writeDate(now.wholeSeconds)
        writeContent(outline)
        if let contentEncoding { head.field("Content-Encoding", contentEncoding) }
        if let allow { head.field("Allow", allow) }
        if let retryAfter { head.field("Retry-After", retryAfter) }
        if let cache { write(cache) }
        head.begin("x-request-id")
        head.append { outline.requestID.write(to: &$0) }
        head.endField()
        // What becomes of the connection, RFC 9112 §9.3.
        if !outline.keepsAlive {
            head.field("Connection", "close")
        } else if outline.isHTTP10 {
            head.field("Connection", "keep-alive")
        }
        head.endSection()
    }

    private mutating func writeContent(_ outline: Outline) {
        if let contentType = outline.contentType {
            head.field("Content-Type", contentType)
        } else if outline.contentLength > 0 {
            head.append("Content-Type: application/json\r\n")
        }
        // RFC 9110 §8.6: none in a 204.
        if outline.status != 204 { head.field("Content-Length", decimal: Int64(outline.contentLength)) }
    }

    /// The field is formatted once a second.
    private mutating func writeDate(_ second: Int64) {
        if second != dateSecond {
            date.removeAll(keepingCapacity: true)
            date += "Date: ".utf8
            HTTPDate.write(secondsSinceEpoch: second, into: &date)
            date += "\r\n".utf8
            dateSecond = second
        }
        head.append(date)
    }

    private mutating func write(_ cache: CacheFields) {
        // A POST's answer is not for other caches (RFC 9110 §9.3.3).
        head.append("Cache-Control: no-store\r\n")
        let start = head.count + CacheStatus.fieldPrefix.utf8CodeUnitCount
        cache.status.write(into: &head)
        cacheStatusRange = start..<(head.count - 2)
        writeCredits("tollgate-credits-charged", cache.charged)
        writeCredits("tollgate-credits-saved", cache.saved)
        if let remaining = cache.remaining { writeCredits("tollgate-budget-remaining", remaining) }
        if let age = cache.age { head.field("Age", decimal: age) }
    }

    private mutating func writeCredits(_ name: StaticString, _ amount: MicroCredits) {
        head.begin(name)
        head.append { amount.write(to: &$0) }
        head.endField()
    }
}
