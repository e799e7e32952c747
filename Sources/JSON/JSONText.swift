public import Vocabulary

/// Text inside a JSON string, RFC 8259 §7: for any input, the output is valid and fits on one line.
public enum JSONText {
    /// Appends `bytes` escaped, without quotation marks.
    ///
    /// Quotation marks, backslashes, all controls, DEL, U+2028 and U+2029 are escaped; invalid UTF-8 becomes U+FFFD. So
    /// no input can end the string or the line, or control a terminal.
    public static func appendEscaped(_ bytes: Span<UInt8>, to output: inout ByteWriter) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            var start = 0
            for index in 0..<buffer.count where unsafe !isPlain(buffer[index]) {
                if index < start { continue }
                unsafe output.append(UnsafeBufferPointer(rebasing: buffer[start..<index]))
                start = unsafe index + appendSpecial(buffer, index, to: &output)
            }
            unsafe output.append(UnsafeBufferPointer(rebasing: buffer[start...]))
        }
    }

    /// Appends a text, escaped and in quotation marks.
    public static func appendQuoted(_ text: String, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { unsafe appendEscaped(Span(_unsafeElements: $0), to: &output) }
        output.append(UInt8(ascii: "\""))
    }

    /// A text, escaped and in quotation marks.
    public static func quoted(_ text: String) -> String {
        var output = ByteWriter(capacity: text.utf8.count + 16)
        appendQuoted(text, to: &output)
        return output.withBytes { unsafe $0.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Appends the character at `index` in a safe form; returns the number of bytes it took.
    private static func appendSpecial(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ index: Int,
        to output: inout ByteWriter
    ) -> Int {
        let byte = unsafe bytes[index]
        guard byte >= 0x80 else {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            } else {
                appendUnicodeEscape(UInt16(byte), to: &output)
            }
            return 1
        }
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        guard index + length <= bytes.count,
            let scalar = unsafe String(validating: bytes[index..<(index + length)], as: UTF8.self)?.unicodeScalars.first
        else {
            appendUnicodeEscape(0xFFFD, to: &output)
            return 1
        }
        // C1 controls affect terminals too.
        if scalar.value < 0xA0 || scalar.value == 0x2028 || scalar.value == 0x2029 {
            appendUnicodeEscape(UInt16(scalar.value), to: &output)
        } else {
            unsafe output.append(UnsafeBufferPointer(rebasing: bytes[index..<(index + length)]))
        }
        return length
    }

    private static func appendUnicodeEscape(_ value: UInt16, to output: inout ByteWriter) {
        output.append("\\u")
        for shift in [12, 8, 4, 0] as [UInt16] {
            let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
            output.append(digit < 10 ? digit + 0x30 : digit + 0x57)
        }
    }
}
