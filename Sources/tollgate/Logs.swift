import Configuration
import EventLoops
import Foundation
import Metrics
import Observability

/// The program's logs: one line per request on standard output, the process log on standard error.
///
/// Immutable. Each log is written by its own thread, so the program never waits for a reader.
final class Logs: Sendable {
    let access: LogWriter
    private let process: LogWriter

    /// Create once per process.
    init(_ log: GatewayConfiguration.Log) throws(LogWriterFault) {
        access = try LogWriter(descriptor: STDOUT_FILENO)
        process = try LogWriter(descriptor: STDERR_FILENO, delay: .zero)
        ProcessLog.bootstrap(
            level: Logs.level(log.level),
            format: Logs.format(log.format),
            writer: process,
            marksPriority: JournalStream.isConnected(to: STDERR_FILENO, ProcessInfo.processInfo.environment)
        )
    }

    /// A reload changes level and format.
    func replace(_ log: GatewayConfiguration.Log) {
        ProcessLog.replaceLevel(Logs.level(log.level))
        ProcessLog.replaceFormat(Logs.format(log.format))
    }

    /// Writes lines for people to standard output, before those of requests.
    func announce(_ text: String) { access.append(Array((text + "\n").utf8).span) }

    /// Logs the remarks about a valid configuration.
    func tell(_ remarks: [String], of file: String) {
        for remark in remarks { ProcessLog.warning("configuration_remark", ["file": file, "remark": remark]) }
    }

    /// Waits until everything is written.
    func flush() {
        access.flush()
        process.flush()
    }

    /// Waits until everything is written, but at most `duration`: the reader may have stalled.
    func flush(atMost duration: Duration) {
        let written = SystemSemaphore()
        // Without a thread a timed wait is impossible: the writers continue on their own.
        let thread = try? SystemThread.start(name: "last lines") { [self] in
            flush()
            written.signal()
        }
        guard thread != nil else { return }
        _ = written.wait(atMost: duration)
    }

    private static func level(_ level: GatewayConfiguration.Log.Level) -> ProcessLog.Level {
        ProcessLog.Level(rawValue: level.rawValue) ?? .info
    }

    private static func format(_ format: GatewayConfiguration.Log.Format) -> ProcessLog.Format {
        switch format {
        case .json: .json
        case .text: .text
        }
    }
}

extension Logs: MetricSource {
    func write(to text: inout MetricsText) {
        text.begin(Self.droppedFamily)
        text.sample("access", value: access.droppedCount)
        text.sample("process", value: process.droppedCount)
    }

    private static let droppedFamily = MetricFamily(
        .counter,
        "tollgate_log_lines_dropped_total",
        "Lines of the logs that were given up because their reader was too slow.",
        labels: ["log"]
    )
}
