import Configuration
import EventLoops
import Glibc
import Observability

/// Where the program's lines go: one line per request to standard output, the process's own to standard error.
///
/// Immutable: both are written by threads of their own, so that nothing in the program waits for a reader.
final class Logs: Sendable {
    let access: LogWriter
    private let process: LogWriter

    /// Once per process.
    init(_ log: GatewayConfiguration.Log) throws(LogWriterFault) {
        access = try LogWriter(descriptor: STDOUT_FILENO)
        process = try LogWriter(descriptor: STDERR_FILENO, delay: .zero)
        ProcessLog.bootstrap(
            level: Logs.level(log.level),
            format: log.format == .json ? .json : .text,
            writer: process
        )
    }

    /// The level changes with a reload; the format needs a restart.
    func replace(_ log: GatewayConfiguration.Log) { ProcessLog.replaceLevel(Logs.level(log.level)) }

    /// Puts lines for people before those of requests, on standard output.
    func announce(_ text: String) { access.append(Array((text + "\n").utf8).span) }

    /// What deserves a look about a configuration that is in order.
    func tell(_ remarks: [String], of file: String) {
        for remark in remarks { ProcessLog.warning("configuration_remark", ["file": file, "remark": remark]) }
    }

    /// Waits until everything is written.
    func flush() {
        access.flush()
        process.flush()
    }

    /// Waits until everything is written, but not longer than that: a reader may have stalled.
    func flush(atMost duration: Duration) {
        let written = SystemSemaphore()
        // Without a thread nobody can be waited for in time: the writers go on by themselves.
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
}
