import Configuration
import Glibc
import Observability

/// Where the program's lines go: one line per request to standard output, the process's own to standard error.
final class Logs {
    let access = LogWriter(descriptor: STDOUT_FILENO)
    private let process = LogWriter(descriptor: STDERR_FILENO, delay: .zero)

    init(_ log: GatewayConfiguration.Log) {
        ProcessLog.bootstrap(
            level: Logs.level(log.level),
            format: log.format == .json ? .json : .text,
            writer: process
        )
    }

    /// The level changes with a reload; the format needs a restart.
    func replace(_ log: GatewayConfiguration.Log) { ProcessLog.replaceLevel(Logs.level(log.level)) }

    /// Waits until everything is written.
    func flush() {
        access.flush()
        process.flush()
    }

    private static func level(_ level: GatewayConfiguration.Log.Level) -> ProcessLog.Level {
        ProcessLog.Level(rawValue: level.rawValue) ?? .info
    }
}
