/// Untrusted text made safe for a terminal: it sends no control sequence, breaks no line and changes no text direction.
public enum TerminalText {
    /// The text with unprintable characters replaced by U+FFFD, cut to `length` scalars.
    public static func cleaned(_ text: String, to length: Int = .max) -> String {
        var cleaned = String.UnicodeScalarView()
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == length {
                cleaned.append("…")
                break
            }
            cleaned.append(isPrinted(scalar) ? scalar : "\u{FFFD}")
        }
        return String(cleaned)
    }

    /// Format characters are not printed: some of them reverse the direction of the text.
    private static func isPrinted(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
