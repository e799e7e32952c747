/// Texts of others as they may stand on a terminal: they steer nothing, break no line and turn no direction.
public enum TerminalText {
    /// The text with U+FFFD in place of what is not printed, cut to `length` scalars.
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

    /// Formats are not: among them are the marks that make a text read from right to left.
    private static func isPrinted(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
