/// What is said of all the samples of one name. Names and units follow the conventions of Prometheus: base units, and
/// `_total` at the end of a counter.
public struct MetricFamily: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
        /// A gauge that is always 1 and whose labels tell something.
        case info
    }

    /// As samples have it: a counter's ends with `_total`, an info's with `_info`. Traps otherwise.
    public let name: String
    public let kind: Kind
    public let help: String
    /// The names of the labels, in the order of their values in a sample.
    public let labels: [String]

    public init(_ kind: Kind, _ name: String, _ help: String, labels: [String] = []) {
        precondition((kind == .counter) == name.hasSuffix("_total"), "\(name): a counter, and it alone, is a total")
        precondition((kind == .info) == name.hasSuffix("_info"), "\(name): an info, and it alone, is named so")
        (self.kind, self.name, self.help, self.labels) = (kind, name, help, labels)
    }

    /// The name without the ending that its kind demands: OpenMetrics names the family so.
    var stem: String {
        switch kind {
        case .counter: String(name.dropLast("_total".count))
        case .info: String(name.dropLast("_info".count))
        case .gauge, .histogram: name
        }
    }

    /// The unit at the end of the stem, where it is one that OpenMetrics is told of; nil for none.
    var unit: String? { ["seconds", "bytes", "credits"].first { stem.hasSuffix("_\($0)") } }
}
