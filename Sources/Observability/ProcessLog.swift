import Glibc
import Logging

/// The log of the process: what an operator should know that belongs to no single request.
///
/// Messages are constant codes, what varies is metadata; neither holds a secret or a document's content. Any thread.
/// Backed by swift-log, so that a program that links these rooms may send it elsewhere.
public enum ProcessLog {
    /// In ascending order of weight, as `log.level` names them.
    public enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    public enum Format: String, Sendable, CaseIterable { case json, text }

    private static let logger = Logger(label: "tollgate")

    /// Sends the log through `writer`. Once per process, before the first message.
    ///
    /// - Parameter marksPriority: whether a line begins with `<N>`, its priority, for the journal.
    public static func bootstrap(level: Level, format: Format, writer: LogWriter, marksPriority: Bool = false) {
        replaceLevel(level)
        replaceFormat(format)
        LoggingSystem.bootstrap { label in LineHandler(label: label, writer: writer, marksPriority: marksPriority) }
    }

    /// Which messages are written from now on.
    public static func replaceLevel(_ level: Level) { LineHandler.rules.store(level) }

    /// The form of lines from now on.
    public static func replaceFormat(_ format: Format) { LineHandler.rules.store(format) }

    public static func debug(_ message: String, _ metadata: [String: String] = [:]) {
        log(.debug, message, metadata)
    }

    public static func info(_ message: String, _ metadata: [String: String] = [:]) {
        log(.info, message, metadata)
    }

    public static func warning(_ message: String, _ metadata: [String: String] = [:]) {
        log(.warning, message, metadata)
    }

    public static func error(_ message: String, _ metadata: [String: String] = [:]) {
        log(.error, message, metadata)
    }

    public static func critical(_ message: String, _ metadata: [String: String] = [:]) {
        log(.critical, message, metadata)
    }

    private static func log(_ level: Logger.Level, _ message: String, _ metadata: [String: String]) {
        logger.log(
            level: level,
            Logger.Message(stringLiteral: message),
            metadata: metadata.mapValues { .string($0) }
        )
    }
}
