import Caching
import HTTPMessages
import Vocabulary

/// Writes the heads of replies, one at a time, into a buffer that is used again. Confined to its worker.
struct ReplyWriter {
    private(set) var head = HeadWriter(capacity: 1024)
    /// Where the value of `Cache-Status` stands in the head, without the cache's name; empty when there is none.
    private(set) var cacheStatusRange = 0..<0
    private var dateSecond = Int64.min
    private var date: [UInt8] = []

    /// Begins a head: status line, `Date` and what frames the content.
    mutating func begin(status: Int, contentType: [UInt8]?, contentLength: Int, now: Timestamp) {
        clear()
        head.statusLine(status)
        head.field("Date", dateText(now.wholeSeconds))
        if let contentType {
            head.field("Content-Type", contentType)
        } else if contentLength > 0 {
            head.field("Content-Type", "application/json")
        }
        // RFC 9110 §8.6: none in a 204.
        if status != 204 { head.field("Content-Length", decimal: Int64(contentLength)) }
    }

    /// Forgets the last head.
    mutating func clear() {
        head.removeAll()
        cacheStatusRange = 0..<0
    }

    /// `Date` is formatted once a second.
    private mutating func dateText(_ second: Int64) -> [UInt8] {
        if second != dateSecond {
            date.removeAll(keepingCapacity: true)
            HTTPDate.write(secondsSinceEpoch: second, into: &date)
            dateSecond = second
        }
        return date
    }

    /// What every classify reply says of the cache and of credits (contract §4).
    mutating func classifyFields(_ status: CacheStatus, charged: MicroCredits, saved: MicroCredits) {
        // A POST's answer is not for other caches (RFC 9110 §9.3.3).
        head.field("Cache-Control", "no-store")
        let start = head.bytes.count + CacheStatus.fieldPrefix.utf8CodeUnitCount
        status.write(into: &head)
        cacheStatusRange = start..<(head.bytes.count - 2)
        credits("tollgate-credits-charged", charged)
        credits("tollgate-credits-saved", saved)
    }

    private mutating func credits(_ name: StaticString, _ amount: MicroCredits) {
        if amount.micros % 1_000_000 == 0 {
            head.field(name, decimal: amount.micros / 1_000_000)
        } else {
            head.field(name, amount.description)
        }
    }

    mutating func age(_ seconds: Int64) { head.field("Age", decimal: seconds) }

    mutating func retryAfter(_ seconds: Int) { head.field("Retry-After", decimal: Int64(seconds)) }

    /// As the vendor wrote it.
    mutating func retryAfter(_ value: [UInt8]) { head.field("Retry-After", value) }

    mutating func allow(_ methods: StaticString) { head.field("Allow", methods) }

    /// Ends the head: the request's identifier, and what becomes of the connection (RFC 9112 §9.3).
    mutating func end(requestID: [UInt8], keepsAlive: Bool, isHTTP10: Bool) {
        head.field("x-request-id", requestID)
        if !keepsAlive {
            head.field("Connection", "close")
        } else if isHTTP10 {
            head.field("Connection", "keep-alive")
        }
        head.endSection()
    }
}
