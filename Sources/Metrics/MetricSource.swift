/// What has figures for a scrape. Any thread; must neither wait for a store nor keep a worker waiting.
public protocol MetricSource: Sendable {
    /// Writes its families, each with all of its samples.
    func write(to text: inout MetricsText)
}
