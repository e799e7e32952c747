/// What PostgreSQL says otherwise than SQLite, for statements and values that both get.
enum SharedSQL {
    /// The statement with PostgreSQL's parameters: `?12` becomes `$12`. In texts and names between quotes there are
    /// none.
    static func translated(_ sql: StaticString) -> String {
        let text = unsafe UnsafeBufferPointer(start: sql.utf8Start, count: sql.utf8CodeUnitCount)
        var bytes = unsafe Array(text)
        var quote: UInt8?
        for index in bytes.indices {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: "?") {
                bytes[index] = UInt8(ascii: "$")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // PostgreSQL cannot hold the character NUL in a text, which clients may send. It is written as two characters that
    // no text of Unicode has: the first is a noncharacter, and where it is sent all the same it is written as two as
    // well.

    private static let escape: Unicode.Scalar = "\u{10FFFF}"
    private static let zero: Unicode.Scalar = "0"
    private static let one: Unicode.Scalar = "1"

    static func escaped(_ text: String) -> String {
        // NUL, or the first byte of the escape.
        guard text.utf8.contains(where: { $0 == 0 || $0 == 0xF4 }) else { return text }
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\0": escaped.append(contentsOf: [escape, zero])
            case escape: escaped.append(contentsOf: [escape, one])
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    /// Nil when there is an escape that is none.
    static func unescaped(_ text: String) -> String? {
        guard text.utf8.contains(0xF4) else { return text }
        var unescaped = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                guard scalar == zero || scalar == one else { return nil }
                unescaped.append(scalar == zero ? "\0" : escape)
                isEscaped = false
            } else if scalar == escape {
                isEscaped = true
            } else {
                unescaped.append(scalar)
            }
        }
        return isEscaped ? nil : String(unescaped)
    }
}
