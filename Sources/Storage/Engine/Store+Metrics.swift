import EventLoops
public import Metrics
import Synchronization
import Vocabulary

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
        text.begin(Self.groupFamily)
        text.histogram(reading: metrics.group.reading)
        text.begin(Self.groupsFamily)
        for size in GroupSize.allCases { text.sample(size.label, value: metrics.groups[size.rawValue].value) }
        if engine.isShared { writeNode(metrics.node, to: &text) }
    }

    /// What only a store that several nodes share has.
    private func writeNode(_ metrics: NodeMetrics, to text: inout MetricsText) {
        let now = SystemClock.sinceBoot()
        text.begin(Self.transactionFailuresFamily)
        for (reason, count) in metrics.failureCounts { text.sample(reason.rawValue, value: count) }
        text.begin(Self.doubtsFamily)
        text.sample(value: metrics.doubts.value)
        text.begin(Self.liveFamily)
        text.sample(value: Int64(standing.liveCount))
        text.begin(Self.differingFamily)
        text.sample(value: Int64(differingCount))
        text.begin(Self.firstFamily)
        text.sample(value: standing.isFirst ? 1 : 0)
        text.begin(Self.leaseFamily)
        text.sample(nanoseconds: metrics.leaseLeft(at: now))
        text.begin(Self.feedAgeFamily)
        text.sample(nanoseconds: metrics.feedAge(at: now))
        text.begin(Self.pollsFamily)
        text.histogram(reading: metrics.polls.reading)
        text.begin(Self.clockFamily)
        text.sample(nanoseconds: metrics.clockLeadNanoseconds)
    }

    /// How many live nodes have another configuration than this one.
    private var differingCount: Int {
        let nodes = standing.nodes
        let own = nodes.first { $0.number == node }?.configurationDigest
        guard let digest = standing.configurationDigest ?? own else { return 0 }
        return nodes.count { $0.state != .dead && $0.number != node && $0.configurationDigest != digest }
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
    private static let groupFamily = MetricFamily(
        .histogram,
        "tollgate_store_transaction_duration_seconds",
        "What the store took for a group of operations, with all round trips and repetitions."
    )
    private static let groupsFamily = MetricFamily(
        .counter,
        "tollgate_store_transactions_total",
        "Groups of operations, by how many operations they had.",
        labels: ["size"]
    )
    private static let transactionFailuresFamily = MetricFamily(
        .counter,
        "tollgate_store_transaction_failures_total",
        "Transactions that failed; those in conflict with another one are done again at once.",
        labels: ["reason"]
    )
    private static let doubtsFamily = MetricFamily(
        .counter,
        "tollgate_store_commits_in_doubt_total",
        "COMMITs without an answer, so that the next transaction had to find out whether they were done."
    )
    private static let liveFamily = MetricFamily(
        .gauge,
        "tollgate_nodes",
        "Live nodes of the database, this one included."
    )
    private static let differingFamily = MetricFamily(
        .gauge,
        "tollgate_nodes_differing",
        "Live nodes that have another configuration file than this one."
    )
    private static let firstFamily = MetricFamily(
        .gauge,
        "tollgate_node_is_first",
        "1 on the node that does what one does for all, else 0."
    )
    private static let leaseFamily = MetricFamily(
        .gauge,
        "tollgate_node_lease_seconds",
        "How long the node is taken for alive; below zero once others may declare it dead."
    )
    private static let feedAgeFamily = MetricFamily(
        .gauge,
        "tollgate_feed_age_seconds",
        "Since when it is not known here what other nodes revoked and purged."
    )
    private static let pollsFamily = MetricFamily(
        .histogram,
        "tollgate_feed_interval_seconds",
        "From one confirmed poll of the feed to the next."
    )
    private static let clockFamily = MetricFamily(
        .gauge,
        "tollgate_clock_offset_seconds",
        "By how much the clock is ahead of the database's, or behind it when negative."
    )
}
