import Vocabulary

/// What a service manager is told, as sd_notify(3) writes it: `NAME=VALUE` lines in one datagram. Pure.
public enum SupervisorMessage: Sendable, Equatable {
    /// It serves; also after a reload, whatever came of it.
    case ready(status: String)
    /// A reload has begun.
    case reloading(at: MonotonicInstant)
    /// The end has begun.
    case stopping(status: String)
    /// Everything that has to answer has answered.
    case alive
    /// The end may take as long from now on.
    case moreTime(Duration)

    public var text: String {
        switch self {
        case .ready(let status): "READY=1\nSTATUS=\(Self.line(status))"
        case .reloading(let now): "RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1_000)"
        case .stopping(let status): "STOPPING=1\nSTATUS=\(Self.line(status))"
        case .alive: "WATCHDOG=1"
        case .moreTime(let time): "EXTEND_TIMEOUT_USEC=\(max(0, time.wholeNanoseconds) / 1_000)"
        }
    }

    /// A line feed would begin another assignment.
    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }
}
