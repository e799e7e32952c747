public import Vocabulary

/// The text of one scrape, family by family. Confined to its writer.
///
/// All samples of a family stand together, under its HELP and TYPE lines. Values are exact: they are written from whole
/// numbers and never pass through floating point.
public struct MetricsText: ~Copyable {
    private let format: MetricsFormat
    private var output = ByteWriter(capacity: 64 * 1024)
    private var family = MetricFamily(.gauge, "none", "")

    public init(_ format: MetricsFormat) { self.format = format }

    /// Ends the text and gives it.
    public consuming func finish() -> [UInt8] {
        if format == .openMetrics { output.append("# EOF\n") }
        return output.bytes
    }

    /// Begins a family; the samples that follow are of it.
    public mutating func begin(_ family: MetricFamily) {
        self.family = family
        let name = format == .openMetrics ? family.stem : family.name
        output.append("# HELP ")
        output.append(name)
        output.append(" ")
        appendEscaped(family.help, quotes: format == .openMetrics)
        output.append("\n# TYPE ")
        output.append(name)
        output.append(" ")
        // Prometheus's own format knows no info.
        let kind = family.kind == .info && format == .prometheus ? MetricFamily.Kind.gauge : family.kind
        output.append(kind.rawValue)
        output.append("\n")
        if format == .openMetrics, let unit = family.unit {
            output.append("# UNIT ")
            output.append(name)
            output.append(" ")
            output.append(unit)
            output.append("\n")
        }
    }

    // MARK: Samples

    /// A whole number.
    ///
    /// - Parameter labels: a value for each label of the family.
    public mutating func sample(_ labels: String..., value: Int64) { sample(labels, value: value) }

    public mutating func sample(_ labels: [String], value: Int64) {
        beginSample(labels)
        output.append(decimal: value)
        output.append("\n")
    }

    /// An amount of credits, exact to the micro-credit.
    public mutating func sample(_ labels: String..., credits: MicroCredits) { sample(labels, credits: credits) }

    public mutating func sample(_ labels: [String], credits: MicroCredits) {
        beginSample(labels)
        credits.write(to: &output)
        output.append("\n")
    }

    /// A duration in seconds.
    public mutating func sample(_ labels: String..., nanoseconds: Int64) {
        beginSample(labels)
        append(seconds: nanoseconds)
        output.append("\n")
    }

    /// Of several states the one that holds is 1, the others 0.
    public mutating func states(_ labels: String..., of states: [String], is state: String) {
        for name in states { sample(labels + [name], value: name == state ? 1 : 0) }
    }

    /// The buckets, the sum and the count of a histogram; the count is that of the buckets.
    public mutating func histogram(_ labels: String..., reading: HistogramReading) {
        var cumulative: Int64 = 0
        for (bound, count) in zip(reading.bounds.nanoseconds, reading.counts) {
            cumulative = cumulative.saturatingAdd(count)
            beginSample(labels, suffix: "_bucket", bound: bound)
            output.append(decimal: cumulative)
            output.append("\n")
        }
        cumulative = cumulative.saturatingAdd(reading.counts[reading.counts.count - 1])
        beginSample(labels, suffix: "_bucket", bound: .max)
        output.append(decimal: cumulative)
        output.append("\n")
        beginSample(labels, suffix: "_sum")
        append(seconds: reading.sumNanoseconds)
        output.append("\n")
        beginSample(labels, suffix: "_count")
        output.append(decimal: cumulative)
        output.append("\n")
    }

    /// Name and labels, up to the value.
    ///
    /// - Parameter bound: of a bucket, in nanoseconds; `.max` for the bucket of all that is longer.
    private mutating func beginSample(_ labels: [String], suffix: StaticString = "", bound: Int64? = nil) {
        precondition(labels.count == family.labels.count, "\(family.name) has \(family.labels.count) labels")
        output.append(family.name)
        output.append(suffix)
        var separator: StaticString = "{"
        for (name, value) in zip(family.labels, labels) {
            output.append(separator)
            separator = ","
            output.append(name)
            output.append("=\"")
            appendEscaped(value, quotes: true)
            output.append("\"")
        }
        if let bound {
            output.append(separator)
            separator = ","
            output.append("le=\"")
            if bound == .max { output.append("+Inf") } else { appendBound(bound) }
            output.append("\"")
        }
        if !labels.isEmpty || bound != nil { output.append("}") }
        output.append(" ")
    }

    /// OpenMetrics writes a whole bound with a decimal, so that each bound has one spelling.
    private mutating func appendBound(_ nanoseconds: Int64) {
        append(seconds: nanoseconds)
        if format == .openMetrics, nanoseconds % 1_000_000_000 == 0 { output.append(".0") }
    }

    /// Without trailing zeros.
    private mutating func append(seconds nanoseconds: Int64) {
        if nanoseconds < 0 { output.append("-") }
        let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        output.append(decimal: Int64(whole))
        guard rest > 0 else { return }
        var (digits, fraction) = (9, rest)
        while fraction % 10 == 0 { (digits, fraction) = (digits - 1, fraction / 10) }
        output.append(".")
        output.append(lastDigits: digits, of: fraction)
    }

    /// Both formats escape backslash and line feed; a label's value, and all texts of OpenMetrics, quotation marks too.
    /// A text is UTF-8 whatever it holds, and no other character means anything.
    private mutating func appendEscaped(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): output.append("\\\\")
            case UInt8(ascii: "\n"): output.append("\\n")
            case UInt8(ascii: "\"") where quotes: output.append("\\\"")
            default: output.append(byte)
            }
        }
    }
}
