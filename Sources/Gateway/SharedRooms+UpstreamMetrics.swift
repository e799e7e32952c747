import Metrics
import Upstream
import UpstreamKeys
import Vocabulary

/// What is said of the vendor: its answers, the keys, the breaker, the queue.
extension SharedRooms {
    /// How many upstream keys are shown: as they come, by account.
    private static let keysMax = 256

    func writeUpstream(_ workers: [WorkerMetrics], to text: inout MetricsText) {
        writeCalls(workers.map(\.upstream), to: &text)
        let accounts = upstreamStatus
        let load = gate.load
        text.begin(Self.underWayFamily)
        text.sample(value: Int64(load.underWay))
        text.begin(Self.asideFamily)
        text.sample(value: Int64(load.aside))
        text.begin(Self.concurrencyMaxFamily)
        text.sample(value: Int64(load.placesMax))
        text.begin(Self.queueFamily)
        text.sample(value: Int64(accounts.reduce(0) { $0 + $1.waiting }))
        text.begin(Self.queueMaxFamily)
        text.sample(value: Int64(load.limits.queueMax))
        // An account without a key is there only while it has requests out.
        let keyed = accounts.filter { !$0.keys.isEmpty }.prefix(Self.keysMax)
        text.begin(Self.circuitFamily)
        for account in keyed {
            let phases = CircuitBreaker.Phase.allCases.map(\.rawValue)
            text.states(account.account.rawValue, of: phases, is: account.breaker.rawValue)
        }
        writeKeys(keyed.flatMap(\.keys).prefix(Self.keysMax), to: &text)
    }

    private func writeCalls(_ metrics: [UpstreamMetrics], to text: inout MetricsText) {
        var (duration, wait) = (HistogramReading(.long), HistogramReading(.long))
        var (errors, replies): ([ErrorCode: Int64], [Int: Int64]) = ([:], [:])
        for worker in metrics {
            duration += worker.duration.reading
            wait += worker.queueWait.reading
            errors.merge(worker.errors.reading) { $0.saturatingAdd($1) }
            replies.merge(worker.replies.reading) { $0.saturatingAdd($1) }
        }
        text.begin(Self.durationFamily)
        text.histogram(reading: duration)
        text.begin(Self.waitFamily)
        text.histogram(reading: wait)
        text.begin(Self.repliesFamily)
        for hundreds in 2...5 { text.sample("\(hundreds)xx", value: replies[hundreds] ?? 0) }
        text.begin(Self.errorsFamily)
        for code in UpstreamFailure.Code.allCases.map(\.errorCode) {
            text.sample(code.rawValue, value: errors[code] ?? 0)
        }
    }

    private func writeKeys(_ keys: ArraySlice<UpstreamKeyStatus>, to text: inout MetricsText) {
        let states = UpstreamKeyStatus.State.allCases.map(\.rawValue)
        text.begin(Self.keyStateFamily)
        for key in keys { text.states(key.account.rawValue, key.id.rawValue, of: states, is: key.state.rawValue) }
        text.begin(Self.keyUnderWayFamily)
        for key in keys { text.sample(key.account.rawValue, key.id.rawValue, value: Int64(key.underWay)) }
    }

    private static let durationFamily = MetricFamily(
        .histogram,
        "tollgate_upstream_duration_seconds",
        "What calls to the vendor took from their first byte to the end of the reply, failed ones included."
    )
    private static let waitFamily = MetricFamily(
        .histogram,
        "tollgate_upstream_queue_wait_seconds",
        "How long calls waited for a place and a key before they went out."
    )
    private static let repliesFamily = MetricFamily(
        .counter,
        "tollgate_upstream_replies_total",
        "Replies of the vendor, by the class of their status.",
        labels: ["status"]
    )
    private static let errorsFamily = MetricFamily(
        .counter,
        "tollgate_upstream_errors_total",
        "Calls without a reply that may be passed on, by the code that clients get.",
        labels: ["error"]
    )
    private static let underWayFamily = MetricFamily(
        .gauge,
        "tollgate_upstream_calls_in_flight",
        "Calls that are out at the vendor and hold a place."
    )
    private static let asideFamily = MetricFamily(
        .gauge,
        "tollgate_upstream_calls_aside",
        "Calls that are out and hold no place: their replies wait for slow clients."
    )
    private static let concurrencyMaxFamily = MetricFamily(
        .gauge,
        "tollgate_upstream_max_concurrency",
        "Places at the vendor, this node's share of upstream.max_concurrency."
    )
    private static let queueFamily = MetricFamily(
        .gauge,
        "tollgate_upstream_queue_length",
        "Calls that wait for a place or a key."
    )
    private static let queueMaxFamily = MetricFamily(
        .gauge,
        "tollgate_upstream_max_queue_length",
        "Calls that may wait, upstream.max_queue."
    )
    private static let circuitFamily = MetricFamily(
        .gauge,
        "tollgate_upstream_circuit_state",
        "1 for the state that the account's circuit breaker is in, 0 for the others.",
        labels: ["account", "state"]
    )
    private static let keyStateFamily = MetricFamily(
        .gauge,
        "tollgate_upstream_key_state",
        "1 for the state that the upstream key is in, 0 for the others.",
        labels: ["account", "key", "state"]
    )
    private static let keyUnderWayFamily = MetricFamily(
        .gauge,
        "tollgate_upstream_key_calls_in_flight",
        "Calls that are out with the upstream key.",
        labels: ["account", "key"]
    )
}
