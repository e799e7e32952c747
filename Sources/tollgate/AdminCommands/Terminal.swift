import Glibc
import Vocabulary

/// The terminal that standard output is: its width, and whether it may be written in colour.
struct Terminal {
    /// In columns.
    let width: Int
    let hasColor: Bool

    /// The lengths that a bar may have.
    static let barLengths = 5...20
    /// As on most terminals, where the terminal does not say.
    private static let widthDefault = 80

    /// Nil when standard output is no terminal. Without colour when NO_COLOR is set and not empty (no-color.org), or
    /// the terminal is a `dumb` one.
    static func ofStandardOutput(_ environment: [String: String]) -> Terminal? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        return Terminal(environment, columns: columns)
    }

    /// - Parameter columns: as the terminal says; nil where it does not.
    init(_ environment: [String: String], columns: Int?) {
        width = columns ?? environment["COLUMNS"].flatMap { UInt16($0) }.map { Int($0) } ?? Self.widthDefault
        hasColor = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    private static var columns: Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The length of a bar beside a table of this width.
    func barLength(beside width: Int) -> Int {
        min(max(self.width - 2 - width, Self.barLengths.lowerBound), Self.barLengths.upperBound)
    }

    /// `████░░░░░░`
    ///
    /// - Parameter percent: above 100 it is full.
    static func bar(_ percent: Int, length: Int) -> String {
        let full = min(max(percent, 0), 100) * length / 100
        return String(repeating: "█", count: full) + String(repeating: "░", count: length - full)
    }

    /// A bar in green, in yellow from four fifths on, in red when it is full.
    func painted(bar: String) -> String {
        let full = bar.prefix { $0 == "█" }.count
        guard hasColor, !bar.isEmpty else { return bar }
        let color = full == bar.count ? 31 : full * 5 >= bar.count * 4 ? 33 : 32
        return "\u{1B}[\(color)m\(bar)\u{1B}[0m"
    }
}

/// One line on standard error that tells how long work goes on; nothing unless that is a terminal. Any thread.
final class ProgressLine: Sendable {
    /// Back to the start of the line, and nothing on it: ECMA-48 CR and EL.
    private static let clearing = "\r\u{1B}[K"

    private let isTerminal: Bool
    private let isShown = Guarded(false)

    init(isTerminal: Bool = isatty(STDERR_FILENO) == 1) { self.isTerminal = isTerminal }

    /// Replaces the line.
    func show(_ text: String?) {
        guard isTerminal, let text else { return }
        isShown.withLock { $0 = true }
        StandardError.write(Self.clearing + text)
    }

    /// Takes the line away.
    func end() {
        let wasShown = isShown.withLock { isShown in
            defer { isShown = false }
            return isShown
        }
        if wasShown { StandardError.write(Self.clearing) }
    }
}
