import Vocabulary

/// How often something took how long, in fixed buckets. Atomic: any thread reads, one thread writes.
public final class Histogram: Sendable {
    /// Where the buckets end, ascending; what is longer than the last is in a bucket of its own.
    public let bounds: HistogramBounds
    private let buckets: [Counter]
    /// In nanoseconds.
    private let sum = Counter()

    public init(_ bounds: HistogramBounds) {
        self.bounds = bounds
        buckets = (0...bounds.nanoseconds.count).map { _ in Counter() }
    }

    /// Counts one duration. Called by the histogram's one writer.
    ///
    /// - Parameter duration: what is below zero counts as zero.
    public func observe(_ duration: Duration) {
        let nanoseconds = max(0, duration.wholeNanoseconds)
        // A bucket has what is at most its bound.
        let index = bounds.nanoseconds.firstIndex { nanoseconds <= $0 } ?? buckets.count - 1
        buckets[index].add()
        sum.add(nanoseconds)
    }

    /// What was counted so far. Any thread; a duration that is being counted may be in the sum and in no bucket yet.
    public var reading: HistogramReading {
        HistogramReading(bounds: bounds, counts: buckets.map(\.value), sumNanoseconds: sum.value)
    }
}

/// The ends of a histogram's buckets.
public struct HistogramBounds: Sendable, Equatable {
    /// Ascending, each above zero.
    let nanoseconds: [Int64]

    /// Traps unless the bounds ascend.
    ///
    /// - Parameter microseconds: ascending, each above zero.
    public init(microseconds: [Int64]) {
        precondition(zip([0] + microseconds, microseconds).allSatisfy { $0 < $1 }, "bounds that do not ascend")
        nanoseconds = microseconds.map { $0 * 1_000 }
    }

    /// Of what a disk or a loop takes: from 100 µs to 10 s.
    public static let short = HistogramBounds(microseconds: [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        10_000_000,
    ])

    /// Of what the vendor takes, and of waiting for it: from 5 ms to 2 minutes.
    public static let long = HistogramBounds(microseconds: [
        5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 1_500_000, 2_500_000, 5_000_000,
        10_000_000,
        30_000_000, 60_000_000, 120_000_000,
    ])
}

/// What a histogram has counted at one moment.
public struct HistogramReading: Sendable, Equatable {
    let bounds: HistogramBounds
    /// One for each bound, and one for what is longer; not cumulative.
    var counts: [Int64]
    var sumNanoseconds: Int64

    /// Nothing counted.
    public init(_ bounds: HistogramBounds) {
        self.init(bounds: bounds, counts: bounds.nanoseconds.map { _ in 0 } + [0], sumNanoseconds: 0)
    }

    init(bounds: HistogramBounds, counts: [Int64], sumNanoseconds: Int64) {
        (self.bounds, self.counts, self.sumNanoseconds) = (bounds, counts, sumNanoseconds)
    }

    /// Adds what another histogram of the same bounds has counted.
    public static func += (left: inout HistogramReading, right: HistogramReading) {
        precondition(left.bounds == right.bounds, "histograms of different bounds have no sum")
        for index in left.counts.indices { left.counts[index] = left.counts[index].saturatingAdd(right.counts[index]) }
        left.sumNanoseconds = left.sumNanoseconds.saturatingAdd(right.sumNanoseconds)
    }
}
