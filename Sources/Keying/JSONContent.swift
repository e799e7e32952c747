import Vocabulary

/// The content of strings of a JSON text, with its escapes taken out. The text was read by `StrictJSON`.
enum JSONContent {
    /// Appends what the string says, in UTF-8.
    static func append(_ node: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>, to output: inout ByteWriter) {
        let text = UnsafeBufferPointer(rebasing: bytes[node.range])
        guard node.hasEscapes else { return output.append(text) }
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "\\") {
                index = appendEscape(text, index, to: &output)
            } else {
                output.append(text[index])
                index += 1
            }
        }
    }

    static func bytes(_ node: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        guard node.hasEscapes else { return Array(bytes[node.range]) }
        var output = ByteWriter(capacity: node.range.count)
        append(node, bytes, to: &output)
        return output.bytes
    }

    /// Whether the string of a text that was not read strictly has content: no escape of it is half of a surrogate pair.
    /// Each escape is one that JSON knows.
    static func isWellFormed(_ node: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard node.hasEscapes else { return true }
        var index = Int(node.start)
        while index < Int(node.end) {
            guard bytes[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            guard bytes[index + 1] == UInt8(ascii: "u"), let unit = JSONScanner.unit(bytes, at: index + 2) else {
                index += 2
                continue
            }
            index += 6
            guard unit & 0xF800 == 0xD800 else { continue }
            guard unit < 0xDC00, index + 6 <= Int(node.end), bytes[index] == UInt8(ascii: "\\"),
                bytes[index + 1] == UInt8(ascii: "u"), let second = JSONScanner.unit(bytes, at: index + 2),
                second & 0xFC00 == 0xDC00
            else { return false }
            index += 6
        }
        return true
    }

    /// Whether the string says exactly this.
    static func equals(_ node: JSONTape.Node, _ name: StaticString, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let expected = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        if node.hasEscapes { return self.bytes(node, bytes).elementsEqual(expected) }
        guard node.range.count == expected.count else { return false }
        for offset in 0..<expected.count where bytes[Int(node.start) + offset] != expected[offset] { return false }
        return true
    }

    /// The index behind the escape at `index`.
    private static func appendEscape(
        _ text: UnsafeBufferPointer<UInt8>,
        _ index: Int,
        to output: inout ByteWriter
    ) -> Int {
        let letter = text[index + 1]
        switch letter {
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): return appendUnicode(text, index, to: &output)
        default: output.append(letter)
        }
        return index + 2
    }

    private static func appendUnicode(
        _ text: UnsafeBufferPointer<UInt8>,
        _ index: Int,
        to output: inout ByteWriter
    ) -> Int {
        guard let first = JSONScanner.unit(text, at: index + 2) else { preconditionFailure("a text not read before") }
        guard first & 0xF800 == 0xD800 else {
            return appendScalar(UInt32(first), index + 6, to: &output)
        }
        guard let second = JSONScanner.unit(text, at: index + 8) else { preconditionFailure("a text not read before") }
        let scalar = 0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF
        return appendScalar(scalar, index + 12, to: &output)
    }

    private static func appendScalar(_ value: UInt32, _ next: Int, to output: inout ByteWriter) -> Int {
        guard let scalar = Unicode.Scalar(value) else { preconditionFailure("a text not read before") }
        for byte in UTF8.encode(scalar)! { output.append(byte) }
        return next
    }

    /// Appends a string in quotation marks with as few escapes as RFC 8259 §7 allows: one spelling per content.
    static func appendCanonical(
        _ node: JSONTape.Node,
        _ bytes: UnsafeBufferPointer<UInt8>,
        to output: inout ByteWriter
    ) {
        if node.hasEscapes { return appendQuoted(self.bytes(node, bytes), to: &output) }
        output.append(UInt8(ascii: "\""))
        output.append(UnsafeBufferPointer(rebasing: bytes[node.range]))
        output.append(UInt8(ascii: "\""))
    }

    /// Appends some content in quotation marks, in the same spelling.
    static func appendQuoted(_ content: String, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "\""))
        for byte in content.utf8 { appendCanonical(byte, to: &output) }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends some content in quotation marks, in the same spelling.
    static func appendQuoted(_ content: [UInt8], to output: inout ByteWriter) {
        output.append(UInt8(ascii: "\""))
        for byte in content { appendCanonical(byte, to: &output) }
        output.append(UInt8(ascii: "\""))
    }

    private static func appendCanonical(_ byte: UInt8, to output: inout ByteWriter) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            output.append(UInt8(ascii: "\\"))
            output.append(byte)
        case 0x08: output.append("\\b")
        case 0x09: output.append("\\t")
        case 0x0A: output.append("\\n")
        case 0x0C: output.append("\\f")
        case 0x0D: output.append("\\r")
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            output.append("\\u00")
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        default: output.append(byte)
        }
    }
}
