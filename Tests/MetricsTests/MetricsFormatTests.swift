import Metrics
import Testing

@Suite("The format that a scraper prefers")
struct MetricsFormatTests {
    @Test(
        "OpenMetrics is given where it is named and weighs no less than plain text",
        arguments: [
            ("application/openmetrics-text", true),
            ("application/openmetrics-text; version=1.0.0", true),
            ("application/openmetrics-text;version=\"1.0.0\";charset=utf-8", true),
            ("APPLICATION/OpenMetrics-Text;Version=1.0.0;Q=0.5, text/plain;q=0.4", true),
            // What Prometheus 2.42 sends.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true
            ),
            ("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;q=0.4", false),
            ("application/openmetrics-text;q=0.001", true),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;q=0.000,*/*", false),
            ("application/openmetrics-text;q=0.5,*/*;q=0.6", false),
            // A more exact range counts before a wider one, RFC 9110 §12.5.1.
            ("application/openmetrics-text;q=0.5,*/*;q=0.6,text/plain;q=0.1", true),
            ("application/openmetrics-text;q=0.5,text/*;q=0.6,text/plain;q=0.1", true),
            ("application/openmetrics-text;version=0.0.1", false),
            ("application/openmetrics-text;version=2.0.0", false),
            ("text/plain", false), ("*/*", false), ("application/json", false), ("", false), (",,;,", false),
            ("application/openmetrics-text;q=1.5", false), ("application/openmetrics-text;q=0.1234", false),
            ("application/openmetrics-text;q=x", false), ("application/openmetrics-text;q=", false),
            ("application/openmetrics-text;q=-1", false), ("application/openmetrics-textual", false),
        ]
    )
    func accept(field: String, isOpenMetrics: Bool) {
        #expect(MetricsFormat.preferred(by: field) == (isOpenMetrics ? .openMetrics : .prometheus))
    }

    @Test("without Accept it is Prometheus's own")
    func none() { #expect(MetricsFormat.preferred(by: nil) == .prometheus) }
}
