import EventLoops
import JSON
import Logging
import Synchronization
import Vocabulary

/// A swift-log handler that writes one line per message through a `LogWriter`. Immutable but for its metadata.
struct LineHandler: LogHandler {
    /// The least level that is written, and the form of a line, for the whole process: a reload changes them.
    /// Atomic: any thread.
    final class Rules: Sendable {
        private let rank = Atomic<Int>(2)
        private let isText = Atomic<Bool>(false)

        func store(_ level: ProcessLog.Level) {
            rank.store(ProcessLog.Level.allCases.firstIndex(of: level) ?? 0, ordering: .relaxed)
        }

        func store(_ format: ProcessLog.Format) { isText.store(format == .text, ordering: .relaxed) }

        var level: Logger.Level { Logger.Level.allCases[rank.load(ordering: .relaxed)] }
        var format: ProcessLog.Format { isText.load(ordering: .relaxed) ? .text : .json }
    }

    static let rules = Rules()

    let label: String
    let writer: LogWriter
    var metadata: Logger.Metadata = [:]
    /// The process's; setting it has no effect, since a reload has to reach all handlers.
    var logLevel: Logger.Level {
        get { LineHandler.rules.level }
        set {}
    }

    /// Whether a line begins with its priority, as the journal takes it off again: sd-daemon(3).
    private let marksPriority: Bool

    init(label: String, writer: LogWriter, marksPriority: Bool = false) {
        self.label = label
        self.writer = writer
        self.marksPriority = marksPriority
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        // A fault's text may come from anywhere: no team's key in it is written.
        let mask = SecretMask()
        let pairs = all.map { ($0.key, mask.masked("\($0.value)")) }.sorted { $0.0 < $1.0 }
        let now = SystemClock.wall()
        switch LineHandler.rules.format {
        case .json: writeJSON(now, event, pairs)
        case .text: writeText(now, event, pairs)
        }
    }

    private func writeJSON(_ now: Timestamp, _ event: LogEvent, _ pairs: [(String, String)]) {
        var line = JSONLine()
        line.begin()
        line.member("time", now.rfc3339)
        line.member("level", event.level.rawValue)
        line.member("label", label)
        line.member("msg", "\(event.message)")
        for (name, value) in pairs { line.member(escapedName: name, value) }
        line.end()
        line.withBytes { append($0, event.level) }
    }

    private func writeText(_ now: Timestamp, _ event: LogEvent, _ pairs: [(String, String)]) {
        var text = ByteWriter(capacity: 256)
        JSONText.appendEscaped(Array("\(now.rfc3339) \(event.level) \(event.message)".utf8).span, to: &text)
        for (name, value) in pairs { JSONText.appendEscaped(Array(" \(name)=\(value)".utf8).span, to: &text) }
        text.append(0x0A)
        text.withBytes { append($0, event.level) }
    }

    private func append(_ line: Span<UInt8>, _ level: Logger.Level) {
        guard marksPriority else { return writer.append(line) }
        let marked = Array("<\(Self.priority(level))>".utf8) + line.withUnsafeBufferPointer { Array($0) }
        writer.append(marked.span)
    }

    /// As syslog(3) numbers them.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
