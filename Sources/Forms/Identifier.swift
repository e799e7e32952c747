import Observability

/// Identifiers that appear in paths, logs and reports.
public enum Identifier {
    private static let rule = "1 to 64 letters, digits, dots, hyphens or underscores"

    /// Reads the required member `id` into `target`.
    public static func read(_ reader: ObjectReader, into target: inout String) {
        guard reader.isSet("id") else {
            _ = reader.take("id")
            return reader.fault("id", "is missing; give \(rule)")
        }
        guard let text = reader.string("id") else { return }
        guard isSound(text) else {
            let isDots = !text.isEmpty && text.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
            return reader.fault("id", isDots ? "must not be dots alone" : "must be \(rule)")
        }
        guard !KeyShape.isFound(in: text) else {
            return reader.fault("id", "has what looks like a team's key in it, and it is shown to others")
        }
        target = text
    }

    /// A name that consists only of dots would change the meaning of a path (RFC 3986 §5.2.4).
    public static func isSound(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            }
            && !text.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
    }
}
