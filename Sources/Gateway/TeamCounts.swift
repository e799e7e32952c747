import Metrics
import Vocabulary

/// What the requests of one team on one worker came to since the start. Immutable but for its figures, which are atomic
/// or guarded: the worker writes, any thread reads.
final class TeamCounts: Sendable {
    /// Fresh hits of classify on results with status 200, apart from all other requests: they have neither a look-up
    /// nor a lock.
    let usualHits = HitCells()
    /// In millionths of a credit, as is `spent`.
    private let savedOtherwise = Counter()
    private let spent = Counter()
    private let others = CounterTable<RequestKind>()

    /// Counts a request that is no usual hit.
    ///
    /// - Parameter saved: what the vendor would have charged.
    func add(_ kind: RequestKind, saved: MicroCredits = .zero) {
        others.add(kind)
        savedOtherwise.add(saved.micros)
    }

    /// Counts what the vendor has charged.
    func add(spent amount: MicroCredits) { spent.add(amount.micros) }

    /// Adds all counts of requests to a sum. Any thread.
    func add(to sum: inout [RequestKind: Int64]) {
        let hits = usualHits.hits
        if hits > 0 { sum[.usualHit, default: 0] += hits }
        for (kind, count) in others.reading { sum[kind, default: 0] += count }
    }

    /// In millionths of a credit. Any thread.
    var savedMicros: Int64 { usualHits.savedMicros.saturatingAdd(savedOtherwise.value) }
    var spentMicros: Int64 { spent.value }
}

extension RequestKind {
    /// A fresh hit on a result with status 200.
    static let usualHit = RequestKind(
        route: GatewayMetrics.RouteName.classify.number,
        status: StatusLabel(200),
        source: .hit
    )
}
