import Glibc
public import Vocabulary

/// The unescaped content of strings in a JSON text that `StrictJSON` has read.
///
/// The content of a string, and its canonical spelling, are at most as long as the string.
public enum JSONContent {
    /// Appends the string's content in UTF-8.
    public static func append(_ node: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>, to output: inout ByteWriter) {
        let text = unsafe UnsafeBufferPointer(rebasing: bytes[node.range])
        guard node.hasEscapes else { return unsafe output.append(text) }
        unsafe output.append(atMost: text.count) { memory in
            var writer = unsafe Writer(next: memory)
            unsafe writer.write(text) { $0.take($1) }
            return unsafe writer.next - memory
        }
    }

    public static func bytes(_ node: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        guard node.hasEscapes else { return unsafe Array(bytes[node.range]) }
        var output = ByteWriter(capacity: node.range.count)
        unsafe append(node, bytes, to: &output)
        return output.bytes
    }

    /// Whether a string of a text that was not read strictly is well-formed: no escape is half of a surrogate pair.
    /// Each escape must be one that JSON defines.
    public static func isWellFormed(_ node: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard node.hasEscapes else { return true }
        var index = Int(node.start)
        while index < Int(node.end) {
            guard unsafe bytes[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            guard unsafe bytes[index + 1] == UInt8(ascii: "u"), let unit = unsafe JSONScanner.unit(bytes, at: index + 2)
            else {
                index += 2
                continue
            }
            index += 6
            guard unit & 0xF800 == 0xD800 else { continue }
            guard unit < 0xDC00, index + 6 <= Int(node.end), unsafe bytes[index] == UInt8(ascii: "\\"),
                unsafe bytes[index + 1] == UInt8(ascii: "u"),
                let second = unsafe JSONScanner.unit(bytes, at: index + 2),
                second & 0xFC00 == 0xDC00
            else { return false }
            index += 6
        }
        return true
    }

    /// Whether the string's content equals `name`.
    @inlinable
    public static func equals(_ node: JSONTape.Node, _ name: StaticString, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool
    {
        let expected = unsafe UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        if node.hasEscapes { return unsafe node.range.count >= expected.count && compare(node, name, bytes) == 0 }
        guard node.range.count == expected.count else { return false }
        for offset in 0..<expected.count where unsafe bytes[Int(node.start) + offset] != expected[offset] {
            return false
        }
        return true
    }

    /// Negative, zero or positive as the bytes of the string's content sort before the others, are equal or sort after.
    public static func compare(_ node: JSONTape.Node, _ other: StaticString, _ bytes: UnsafeBufferPointer<UInt8>) -> Int
    {
        guard node.hasEscapes else {
            let length = min(node.range.count, other.utf8CodeUnitCount)
            let result = unsafe memcmp(bytes.baseAddress! + Int(node.start), other.utf8Start, length)
            return result == 0 ? node.range.count - other.utf8CodeUnitCount : Int(result)
        }
        var content = unsafe Reader(node, bytes)
        for index in 0..<other.utf8CodeUnitCount {
            guard let byte = content.next() else { return -1 }
            if unsafe byte != other.utf8Start[index] { return unsafe Int(byte) - Int(other.utf8Start[index]) }
        }
        return content.next() == nil ? 0 : 1
    }

    /// Appends a string in quotation marks, with as few escapes as RFC 8259 §7 allows: one spelling per content.
    public static func appendCanonical(
        _ node: JSONTape.Node,
        _ bytes: UnsafeBufferPointer<UInt8>,
        to output: inout ByteWriter
    ) {
        let text = unsafe UnsafeBufferPointer(rebasing: bytes[node.range])
        output.append(UInt8(ascii: "\""))
        if node.hasEscapes {
            unsafe output.append(atMost: text.count) { memory in
                var writer = unsafe Writer(next: memory)
                unsafe writer.write(text) { $0.takeCanonical($1) }
                return unsafe writer.next - memory
            }
        } else {
            unsafe output.append(text)
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends content in quotation marks, in the same spelling.
    public static func appendQuoted(_ content: String, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "\""))
        var content = content
        content.withUTF8 { content in
            unsafe output.append(atMost: 6 * content.count) { memory in
                var writer = unsafe Writer(next: memory)
                for index in 0..<content.count { unsafe writer.takeCanonical(content[index]) }
                return unsafe writer.next - memory
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    // MARK: Escapes

    /// The meaning of an escape.
    private enum Escape {
        case byte(UInt8)
        case scalar(Unicode.Scalar)
    }

    /// Reads the escape whose backslash is at `index`; moves `index` past it.
    @inline(__always)
    private static func readEscape(_ text: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Escape {
        let letter = unsafe text[index + 1]
        if letter == UInt8(ascii: "u") { return unsafe readUnicode(text, &index) }
        index += 2
        switch letter {
        case UInt8(ascii: "b"): return .byte(0x08)
        case UInt8(ascii: "f"): return .byte(0x0C)
        case UInt8(ascii: "n"): return .byte(0x0A)
        case UInt8(ascii: "r"): return .byte(0x0D)
        case UInt8(ascii: "t"): return .byte(0x09)
        default: return .byte(letter)
        }
    }

    @inline(__always)
    private static func readUnicode(_ text: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Escape {
        guard let first = unsafe JSONScanner.unit(text, at: index + 2) else {
            preconditionFailure("a text not read before")
        }
        index &+= 6
        if first < 0x80 { return .byte(UInt8(truncatingIfNeeded: first)) }
        return unsafe readScalar(first, text, &index)
    }

    /// Reads the rest of a character beyond ASCII whose first unit was read.
    private static func readScalar(_ first: UInt16, _ text: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Escape {
        var value = UInt32(first)
        if first & 0xF800 == 0xD800 {
            guard let second = unsafe JSONScanner.unit(text, at: index + 2) else {
                preconditionFailure("a text not read before")
            }
            index += 6
            value = 0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF
        }
        guard let scalar = Unicode.Scalar(value) else { preconditionFailure("a text not read before") }
        return .scalar(scalar)
    }

    /// An iterator over the bytes of a string's content, without allocation.
    ///
    /// Must not outlive the call that lends the bytes.
    @safe
    public struct Reader {
        private let text: UnsafeBufferPointer<UInt8>
        private var index = 0
        /// The remaining bytes of an escaped character, the next one lowest; 0 when there is none.
        private var pending: UInt32 = 0

        public init(_ node: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) {
            unsafe text = UnsafeBufferPointer(rebasing: bytes[node.range])
        }

        public mutating func next() -> UInt8? {
            if pending != 0 {
                defer { pending >>= 8 }
                return UInt8(truncatingIfNeeded: pending)
            }
            guard unsafe index < text.count else { return nil }
            guard unsafe text[index] == UInt8(ascii: "\\") else {
                defer { index += 1 }
                return unsafe text[index]
            }
            switch unsafe JSONContent.readEscape(text, &index) {
            case .byte(let byte): return byte
            case .scalar(let scalar):
                // No byte of a character beyond ASCII is 0.
                for (index, byte) in UTF8.encode(scalar)!.enumerated() { pending |= UInt32(byte) << UInt32(8 * index) }
                return next()
            }
        }
    }

    /// A writer into memory that is large enough for its input.
    ///
    /// Lives inside the closure that lends the memory.
    @safe
    private struct Writer {
        var next: UnsafeMutablePointer<UInt8>

        /// Writes a text that has escapes; `takeByte` writes the ASCII character that one of them stands for.
        @inline(__always)
        mutating func write(_ text: UnsafeBufferPointer<UInt8>, _ takeByte: (inout Writer, UInt8) -> Void) {
            var index = 0
            while index < text.count {
                guard unsafe text[index] == UInt8(ascii: "\\") else {
                    unsafe take(text[index])
                    index += 1
                    continue
                }
                switch unsafe JSONContent.readEscape(text, &index) {
                case .byte(let byte): takeByte(&self, byte)
                case .scalar(let scalar): for byte in UTF8.encode(scalar)! { take(byte) }
                }
            }
        }

        @inline(__always)
        mutating func take(_ byte: UInt8) {
            unsafe next.pointee = byte
            unsafe next += 1
        }

        @inline(__always)
        mutating func takeCanonical(_ byte: UInt8) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): takeEscape(byte)
            case 0x08: takeEscape(UInt8(ascii: "b"))
            case 0x09: takeEscape(UInt8(ascii: "t"))
            case 0x0A: takeEscape(UInt8(ascii: "n"))
            case 0x0C: takeEscape(UInt8(ascii: "f"))
            case 0x0D: takeEscape(UInt8(ascii: "r"))
            case 0..<0x20:
                takeEscape(UInt8(ascii: "u"))
                take(0x30)
                take(0x30)
                take(0x30 + byte >> 4)
                take(byte & 15 < 10 ? 0x30 + byte & 15 : 0x57 + byte & 15)
            default: take(byte)
            }
        }

        private mutating func takeEscape(_ letter: UInt8) {
            take(UInt8(ascii: "\\"))
            take(letter)
        }
    }
}
