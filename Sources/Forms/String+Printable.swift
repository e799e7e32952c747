/// Configuration text that is safe to repeat in messages: it breaks neither a line nor a terminal.
extension String {
    /// At most 64 characters, enough for a name.
    public var printable: String { cleaned(to: 64) }

    /// At most 4,096 characters, the longest path that a file system accepts.
    public var printablePath: String { cleaned(to: 4_096) }

    private func cleaned(to length: Int) -> String {
        let scalars = unicodeScalars.prefix(length).map { (0x20..<0x7F).contains($0.value) ? $0 : "?" }
        return String(String.UnicodeScalarView(scalars))
    }
}
