import Metrics
import Testing
import Vocabulary

@Suite("The text of a scrape")
struct MetricsTextTests {
    private func text(as format: MetricsFormat = .prometheus, _ write: (inout MetricsText) -> Void) -> [Substring] {
        var text = MetricsText(format)
        write(&text)
        return String(decoding: text.finish(), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    private static let counter = MetricFamily(.counter, "a_total", "What \"it\"\nis\\", labels: ["team"])

    @Test("a counter has HELP and TYPE under its whole name, in OpenMetrics under its stem, and there the text ends")
    func counter() {
        func write(_ text: inout MetricsText) {
            text.begin(Self.counter)
            text.sample("x", value: 3)
        }
        #expect(
            text(write) == [
                "# HELP a_total What \"it\"\\nis\\\\", "# TYPE a_total counter", #"a_total{team="x"} 3"#, "",
            ]
        )
        #expect(
            text(as: .openMetrics, write) == [
                #"# HELP a What \"it\"\nis\\"#, "# TYPE a counter", #"a_total{team="x"} 3"#, "# EOF", "",
            ]
        )
    }

    @Test(
        "nothing in a label's value can end it or its line",
        arguments: [
            ("quote\"", #"quote\""#), ("back\\slash", #"back\\slash"#), ("line\nfeed", #"line\nfeed"#),
            ("\\n", #"\\n"#), ("\u{202E}right to left", "\u{202E}right to left"), ("", ""), ("\r\t", "\r\t"),
            ("\"} 1\nforged 2", #"\"} 1\nforged 2"#),
        ]
    )
    func labels(value: String, written: String) {
        let lines = text {
            $0.begin(Self.counter)
            $0.sample(value, value: 1)
        }
        #expect(lines.count == 4)
        #expect(lines[2] == "a_total{team=\"\(written)\"} 1")
    }

    @Test(
        "amounts and durations are exact decimals",
        arguments: [
            (0, "0", "0"), (1, "0.000001", "0.000000001"), (1_500_000, "1.5", "0.0015"),
            (2_000_000_000, "2000", "2"), (Int64.max, "9223372036854.775807", "9223372036.854775807"),
            (-1_000_001, "-1.000001", "-0.001000001"), (Int64.min, "-9223372036854.775808", "-9223372036.854775808"),
        ]
    )
    func exact(number: Int64, credits: String, seconds: String) {
        let lines = text {
            $0.begin(MetricFamily(.gauge, "g", "G."))
            $0.sample(credits: MicroCredits(micros: number))
            $0.sample(nanoseconds: number)
        }
        #expect(lines[2] == "g \(credits)")
        #expect(lines[3] == "g \(seconds)")
    }

    @Test("a unit is named in OpenMetrics alone, an info is a gauge for Prometheus")
    func kinds() {
        func write(_ text: inout MetricsText) {
            text.begin(MetricFamily(.gauge, "a_size_bytes", "A."))
            text.begin(MetricFamily(.info, "b_info", "B.", labels: ["v"]))
            text.sample("1", value: 1)
        }
        #expect(
            text(write) == [
                "# HELP a_size_bytes A.", "# TYPE a_size_bytes gauge", "# HELP b_info B.", "# TYPE b_info gauge",
                #"b_info{v="1"} 1"#, "",
            ]
        )
        #expect(
            text(as: .openMetrics, write) == [
                "# HELP a_size_bytes A.", "# TYPE a_size_bytes gauge", "# UNIT a_size_bytes bytes", "# HELP b B.",
                "# TYPE b info", #"b_info{v="1"} 1"#, "# EOF", "",
            ]
        )
    }

    @Test("of the states one is 1")
    func states() {
        let lines = text {
            $0.begin(MetricFamily(.gauge, "s", "S.", labels: ["key", "state"]))
            $0.states("k", of: ["on", "off"], is: "off")
        }
        #expect(lines[2...3] == [#"s{key="k",state="on"} 0"#, #"s{key="k",state="off"} 1"#])
    }

    @Test("the buckets of a histogram are cumulative, end with all, and agree with the count")
    func histogram() {
        let histogram = Histogram(HistogramBounds(microseconds: [1_000, 2_500_000, 3_000_000]))
        for duration: Duration in [
            .zero, .seconds(-5), .milliseconds(1), .microseconds(1_001), .seconds(3), .seconds(9),
        ] {
            histogram.observe(duration)
        }
        func write(_ text: inout MetricsText) {
            text.begin(MetricFamily(.histogram, "h_seconds", "H.", labels: ["loop"]))
            text.histogram("w", reading: histogram.reading)
        }
        #expect(
            text(write).dropFirst(2) == [
                #"h_seconds_bucket{loop="w",le="0.001"} 3"#, #"h_seconds_bucket{loop="w",le="2.5"} 4"#,
                #"h_seconds_bucket{loop="w",le="3"} 5"#, #"h_seconds_bucket{loop="w",le="+Inf"} 6"#,
                #"h_seconds_sum{loop="w"} 12.002001"#, #"h_seconds_count{loop="w"} 6"#, "",
            ]
        )
        #expect(text(as: .openMetrics, write).contains(#"h_seconds_bucket{loop="w",le="3.0"} 5"#))
    }

    @Test("a family whose name contradicts its kind is a bug, as is a sample with too few labels")
    func traps() async {
        await #expect(processExitsWith: .failure) { _ = MetricFamily(.counter, "a", "A.") }
        await #expect(processExitsWith: .failure) { _ = MetricFamily(.gauge, "a_total", "A.") }
        await #expect(processExitsWith: .failure) { _ = MetricFamily(.gauge, "a_info", "A.") }
        await #expect(processExitsWith: .failure) {
            var text = MetricsText(.prometheus)
            text.begin(MetricFamily(.gauge, "a", "A.", labels: ["b"]))
            text.sample(value: 1)
        }
    }
}
