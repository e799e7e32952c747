import HTTPMessages
import Vocabulary

@testable import Upstream

/// So many milliseconds after the start of a test's own time.
func instant(_ milliseconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: milliseconds * 1_000_000) }

/// The same on both clocks; a test's own time begins at 1970.
func moment(_ milliseconds: Int64) -> Moment {
    Moment(steady: instant(milliseconds), wall: Timestamp(microseconds: milliseconds * 1_000))
}

/// A key whose secret is its identifier, unless it has another one.
func upstreamKey(
    _ id: String,
    account: String = "default",
    secret: String? = nil,
    weight: Int = 1,
    notBefore: Int64? = nil,
    notAfter: Int64? = nil,
    operatorState: UpstreamKey.OperatorState = .active
) -> UpstreamKey {
    let bytes = Array((secret ?? id).utf8)
    var key = UpstreamKey(
        id: KeyID(rawValue: id),
        account: AccountID(rawValue: account),
        secret: bytes,
        secretDigest: CacheKey(bytes.reduce(0) { $0 &* 31 &+ UInt64($1) }, 0, 0, 0),
        weight: weight,
        notBefore: notBefore.map { Timestamp(microseconds: $0 * 1_000) },
        notAfter: notAfter.map { Timestamp(microseconds: $0 * 1_000) }
    )
    key.operatorState = operatorState
    return key
}

func settings(
    port: UInt16 = 443,
    isTLS: Bool = true,
    host: String = "api.documentpro.ai",
    responseTimeout: Duration = .seconds(120),
    concurrencyMax: Int = 64,
    queueMax: Int = 1_000,
    queueTimeout: Duration = .seconds(30),
    breakerFailures: Int = 5
) -> UpstreamSettings {
    UpstreamSettings(
        isTLS: isTLS,
        host: host,
        port: port,
        pathPrefix: "",
        connectTimeout: .seconds(5),
        responseTimeout: responseTimeout,
        idleTimeout: .seconds(20),
        responseBytesMax: 1_000,
        concurrencyMax: concurrencyMax,
        queueMax: queueMax,
        queueTimeout: queueTimeout,
        breaker: CircuitBreaker.Settings(failures: breakerFailures, window: .seconds(10), openFor: .seconds(5))
    )
}

/// What reading a response in pieces comes to.
struct Reading: Equatable {
    var progress: ReplyReader.Progress
    var status = 0
    var body = ""
    var contentType: String?
    var retryAfter: String?
    var allowsReuse = false
    /// Bytes that the reader left alone.
    var rest = ""
}

/// Gives `pieces` to a reader one after the other, as a connection would: what was not consumed is given again.
func read(_ pieces: [[UInt8]], bodyBytesMax: Int = 1_000, endsAfter: Bool = false) -> (Reading, ReplyReader) {
    var reader = ReplyReader(bodyBytesMax: bodyBytesMax)
    var progress = ReplyReader.Progress.needMore
    var buffer: [UInt8] = []
    for piece in pieces {
        buffer += piece
        guard progress == .needMore else { continue }
        var consumed = 0
        progress = reader.read(buffer.span, consumed: &consumed)
        buffer.removeFirst(consumed)
    }
    if endsAfter, progress == .needMore { progress = reader.end() }
    var reading = Reading(progress: progress)
    if progress == .complete {
        reading.status = reader.status
        reading.body = String(decoding: reader.body, as: UTF8.self)
        reading.contentType = reader.contentType.map { String(decoding: $0, as: UTF8.self) }
        reading.retryAfter = reader.retryAfter.map { String(decoding: $0, as: UTF8.self) }
        reading.allowsReuse = reader.allowsReuse
        reading.rest = String(decoding: buffer, as: UTF8.self)
    }
    return (reading, reader)
}

func read(_ text: String, bodyBytesMax: Int = 1_000, endsAfter: Bool = false) -> Reading {
    read([Array(text.utf8)], bodyBytesMax: bodyBytesMax, endsAfter: endsAfter).0
}
