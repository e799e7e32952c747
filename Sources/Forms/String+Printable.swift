/// Texts of a configuration that are repeated in messages: they can break neither a line nor a terminal.
extension String {
    /// At most 64 characters of a name.
    public var printable: String { cleaned(to: 64) }

    /// As much of a path as a file system takes.
    public var printablePath: String { cleaned(to: 4_096) }

    private func cleaned(to length: Int) -> String {
        let scalars = unicodeScalars.prefix(length).map { (0x20..<0x7F).contains($0.value) ? $0 : "?" }
        return String(String.UnicodeScalarView(scalars))
    }
}
