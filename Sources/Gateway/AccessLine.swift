import HTTPMessages
import JSON
import Observability
import Transport
import Vocabulary

/// Writes the access log, one line of JSON per request: caller, outcome, duration and cost. Confined to its worker. The
/// line has no secret and no document content; paths are escaped and truncated.
struct AccessLine: ~Copyable {
    /// The outcome of a request.
    struct Ending {
        var status: Int
        var charged = MicroCredits.zero
        var saved = MicroCredits.zero
        /// The code of an error that the gateway made, `docs/api.md` §3.
        var error: String?
        /// How long the vendor took.
        var upstream: Duration?
        /// How many stored results a request removed that was passed through.
        var dropped: Int64 = 0
        /// How long the call to the vendor waited for its turn.
        var queue: Duration?
        /// The name of its route in `passthrough.spending`, if it is of one.
        var spendingRoute: String?
    }

    private var line = JSONLine()
    private var timeSecond = Int64.min
    private var timePrefix: [UInt8] = []

    /// - Parameters:
    ///   - exchange: passed whole, since its facts would be copied.
    ///   - cacheStatus: the value of the Cache-Status field, without the cache's name; empty if there is none.
    mutating func write(
        _ exchange: Exchange,
        _ ending: Ending,
        client: ClientConnection,
        cacheStatus: Span<UInt8>,
        bytesOut: Int,
        now: MonotonicInstant,
        wallClock: Timestamp,
        to log: LogWriter
    ) {
        line.begin()
        writeTime(wallClock)
        line.member("request_id") { exchange.facts.requestID.write(to: &$0, escaped: true) }
        if let trace = exchange.facts.trace { write(trace) }
        if let caller = exchange.facts.caller { line.members(raw: caller.logMembers) }
        line.member("method", exchange.facts.method.name)
        writePath(exchange, ending)
        // Only tokens and numbers that the gateway wrote: nothing to escape.
        if !cacheStatus.isEmpty { line.member("cache_status") { $0.append(cacheStatus) } }
        line.member("status", Int64(ending.status))
        line.member("bytes_in", Int64(client.connection.requestByteCount))
        line.member("bytes_out", Int64(bytesOut))
        line.member("duration_ms", (now.nanoseconds - exchange.facts.startedAt.nanoseconds) / 1_000, decimals: 3)
        if let queue = ending.queue { line.member("queue_ms", queue.wholeNanoseconds / 1_000, decimals: 3) }
        if let upstream = ending.upstream {
            line.member("upstream_ms", upstream.wholeNanoseconds / 1_000, decimals: 3)
        }
        if exchange.facts.isQuestion {
            line.member("credits_charged", ending.charged)
            line.member("credits_saved", ending.saved)
        } else if exchange.facts.route == .passthrough {
            line.member("credits_charged", ending.charged)
            if ending.dropped > 0 { line.member("results_dropped", ending.dropped) }
        }
        if let error = ending.error { line.member("error", error) }
        client.appendLogMember(to: &line)
        line.end()
        line.withBytes { log.append($0) }
    }

    /// The path, and the name that the metrics have for its route.
    private mutating func writePath(_ exchange: Exchange, _ ending: Ending) {
        switch exchange.facts.route {
        case .classify: line.members(constant: "\"path\":\"/v1/classify\",\"route\":\"classify\"")
        case .health: line.members(constant: "\"path\":\"/healthz\",\"route\":\"health\"")
        case .readiness: line.members(constant: "\"path\":\"/readyz\",\"route\":\"health\"")
        case .usage: line.members(constant: "\"path\":\"/tollgate/usage\",\"route\":\"usage\"")
        case .classifier:
            line.member("path", exchange.facts.unroutedPath)
            line.members(constant: "\"route\":\"POST /v1/classifiers/{id}/classify\"")
        case .passthrough:
            line.member("path", exchange.facts.unroutedPath)
            if let route = ending.spendingRoute {
                line.member("route", route)
            } else {
                line.members(constant: "\"route\":\"passthrough\"")
            }
        case nil:
            line.member("path", exchange.facts.unroutedPath)
            line.members(constant: "\"route\":\"other\"")
        }
    }

    /// The trace of the client, and the span of the call to the vendor, if there was one.
    private mutating func write(_ trace: RequestTrace) {
        line.member("trace_id", trace.context.traceIDText)
        line.member("parent_id", TraceContext.text(ofSpan: trace.context.parentID))
        if let span = trace.span { line.member("span_id", TraceContext.text(ofSpan: span)) }
    }

    /// RFC 3339 with milliseconds; everything before the milliseconds is formatted once per second.
    private mutating func writeTime(_ now: Timestamp) {
        let second = now.wholeSeconds
        if second != timeSecond {
            timeSecond = second
            timePrefix = Array(Timestamp(seconds: second).rfc3339.utf8.dropLast()) + [UInt8(ascii: ".")]
        }
        let prefix = timePrefix
        line.member("time") { output in
            output.append(prefix)
            output.append(lastDigits: 3, of: UInt64((now.microseconds - second * 1_000_000) / 1_000))
            output.append(UInt8(ascii: "Z"))
        }
    }
}

extension JSONLine {
    /// An amount of credits, as a number.
    fileprivate mutating func member(_ name: StaticString, _ amount: MicroCredits) {
        member(raw: name) { amount.write(to: &$0) }
    }
}
