import EventLoops
import Metrics

/// `GET /metrics`: `docs/metrics.md`. Confined to the loop.
///
/// The text is made on a thread of its own, so that neither a worker nor the admin side waits for it. One is made at a
/// time: a scraper that asks meanwhile shares the next one.
final class MetricsResource {
    private let sources: [any MetricSource]
    private let back: LoopReturn
    private var waiting: [(format: MetricsFormat, reply: (AdminReply) -> Void)] = []
    private var isUnderWay = false

    /// - Parameter sources: their families have different names.
    init(sources: [any MetricSource], back: LoopReturn) {
        (self.sources, self.back) = (sources, back)
    }

    var routes: [AdminRoute] {
        [AdminRoute(.get, "/metrics", role: nil) { [unowned self] in answer($0, $1) }]
    }

    private func answer(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        // A query is ignored: scrapers send parameters that their configuration has, and none of them chooses anything.
        waiting.append((MetricsFormat.preferred(by: request.accept), reply))
        if !isUnderWay { scrape() }
    }

    private func scrape() {
        isUnderWay = true
        let answered = waiting
        waiting = []
        let (sources, formats) = (sources, Set(answered.map(\.format)))
        let then = back.callback { [unowned self] (texts: [MetricsFormat: [UInt8]]) in
            for (format, reply) in answered { reply(.ok(texts[format] ?? [], contentType: format.contentType)) }
            isUnderWay = false
            if !waiting.isEmpty { scrape() }
        }
        let work: @Sendable () -> Void = {
            then(Dictionary(uniqueKeysWithValues: formats.map { ($0, Self.text(sources, $0)) }))
        }
        // Without a thread it is made here.
        if (try? SystemThread.start(name: "metrics", work)) == nil { work() }
    }

    private static func text(_ sources: [any MetricSource], _ format: MetricsFormat) -> [UInt8] {
        var text = MetricsText(format)
        for source in sources { source.write(to: &text) }
        return text.finish()
    }
}

/// Which program this is.
struct ProgramMetrics: MetricSource {
    let program: AdminProgram

    func write(to text: inout MetricsText) {
        text.begin(Self.buildFamily)
        text.sample(program.version, value: 1)
    }

    private static let buildFamily = MetricFamily(
        .info,
        "tollgate_build_info",
        "The version of the program.",
        labels: ["version"]
    )
}
