import HTTPMessages
import Observability
import Transport
import Vocabulary

/// One line of JSON per request: who asked, what became of it, how long it took and what it cost. Confined to its
/// worker. No secret and nothing of a document but its identifier's absence: paths are escaped and cut.
struct AccessLine {
    /// How a request ended.
    struct Ending {
        var status: Int
        var charged: MicroCredits
        var saved: MicroCredits
        var bytesOut: Int
        /// The contract's code of an error made here.
        var error: String?
        /// How long the vendor took.
        var upstream: Duration?
        var peer: SocketAddress?
    }

    private var line = JSONLine()
    private var timeSecond = Int64.min
    private var timePrefix: [UInt8] = []
    private var time: [UInt8] = []

    mutating func write(
        _ facts: RequestFacts,
        _ ending: Ending,
        cacheStatus: Span<UInt8>,
        now: MonotonicInstant,
        wallClock: Timestamp,
        to log: LogWriter
    ) {
        line.begin()
        line.member("time", timeText(wallClock))
        line.member("request_id", facts.requestID)
        if let key = facts.teamKey {
            line.member("team", key.team.id.rawValue)
            line.member("key", key.id.rawValue)
        }
        line.member("method", facts.method.name)
        writePath(facts)
        if !cacheStatus.isEmpty { line.member("cache_status", cacheStatus) }
        line.member("status", Int64(ending.status))
        line.member("bytes_in", Int64(facts.byteCount))
        line.member("bytes_out", Int64(ending.bytesOut))
        line.member("duration_ms", (now - facts.startedAt).wholeNanoseconds / 1_000, decimals: 3)
        if let upstream = ending.upstream {
            line.member("upstream_ms", upstream.wholeNanoseconds / 1_000, decimals: 3)
        }
        if facts.route == .classify {
            line.member("credits_charged", raw: ending.charged.description)
            line.member("credits_saved", raw: ending.saved.description)
        }
        if let error = ending.error { line.member("error", error) }
        if let peer = ending.peer { line.member("client", peer.description) }
        line.end()
        log.append(line.bytes.span)
    }

    private mutating func writePath(_ facts: RequestFacts) {
        switch facts.route {
        case .classify: line.member("path", "/v1/classify")
        case .health: line.member("path", "/healthz")
        case .readiness: line.member("path", "/readyz")
        case nil: line.member("path", facts.unroutedPath)
        }
    }

    /// RFC 3339 with milliseconds; all but these is formatted once a second.
    private mutating func timeText(_ now: Timestamp) -> [UInt8] {
        let second = now.wholeSeconds
        if second != timeSecond {
            timeSecond = second
            timePrefix = Array(Timestamp(seconds: second).rfc3339.utf8.dropLast())
        }
        let milliseconds = (now.microseconds - second * 1_000_000) / 1_000
        time.removeAll(keepingCapacity: true)
        time.append(contentsOf: timePrefix)
        time.append(UInt8(ascii: "."))
        time.append(UInt8(milliseconds / 100) + 0x30)
        time.append(UInt8(milliseconds / 10 % 10) + 0x30)
        time.append(UInt8(milliseconds % 10) + 0x30)
        time.append(UInt8(ascii: "Z"))
        return time
    }
}
