public import Metrics
import Synchronization

/// What is counted of the store. Written by the writer's thread, read by any.
final class StoreMetrics: Sendable {
    let commit = Histogram(.short)
    let checkpoint = Histogram(.short)
    let operations = Counter()
    let failures = Counter()
    /// Whether all of the last operations were committed.
    let succeeded = Atomic<Bool>(true)

    /// Counts operations that were refused without being tried.
    func note(refused count: Int) {
        failures.add(Int64(count))
        succeeded.store(false, ordering: .relaxed)
    }

    /// Counts operations whose outcome is known.
    func note(committed: Int, failed: Int) {
        operations.add(Int64(committed))
        failures.add(Int64(failed))
    }

    func note(_ outcome: GroupOutcome, of count: Int) {
        note(committed: outcome.committed, failed: count - outcome.committed - outcome.pending)
        succeeded.store(outcome.committed == count, ordering: .relaxed)
        if let took = outcome.commitTook { commit.observe(took) }
    }
}

/// What the store says of itself: `docs/metrics.md` §2. Reads memory alone, so it is said while the disk does not work.
extension Store: MetricSource {
    public func write(to text: inout MetricsText) {
        let metrics = writer.metrics
        text.begin(Self.commitFamily)
        text.histogram(reading: metrics.commit.reading)
        text.begin(Self.checkpointFamily)
        text.histogram(reading: metrics.checkpoint.reading)
        text.begin(Self.operationsFamily)
        text.sample("committed", value: metrics.operations.value)
        text.sample("failed", value: metrics.failures.value)
        text.begin(Self.queueFamily)
        text.sample(value: Int64(writer.queueLength))
        text.begin(Self.writableFamily)
        text.sample(value: metrics.succeeded.load(ordering: .relaxed) ? 1 : 0)
    }

    private static let commitFamily = MetricFamily(
        .histogram,
        "tollgate_store_fsync_duration_seconds",
        "What commits of the store's log took; nearly all of it is the fsync."
    )
    private static let checkpointFamily = MetricFamily(
        .histogram,
        "tollgate_store_checkpoint_duration_seconds",
        "What writing the store's log back into its file took."
    )
    private static let operationsFamily = MetricFamily(
        .counter,
        "tollgate_store_operations_total",
        "Operations that the store's writer did; several share one commit.",
        labels: ["outcome"]
    )
    private static let queueFamily = MetricFamily(
        .gauge,
        "tollgate_store_queue_length",
        "Operations that wait for the store's writer."
    )
    private static let writableFamily = MetricFamily(
        .gauge,
        "tollgate_store_writable",
        "1 while the store's last operations succeeded, else 0."
    )
}
