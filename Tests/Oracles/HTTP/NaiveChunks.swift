/// A chunked body, RFC 9112 §7.1, read from all bytes at once. Shares no code with the rooms.
public struct NaiveChunks {
    public private(set) var content: [UInt8] = []
    /// Where the body ends.
    public private(set) var end = 0
    private let bytes: [UInt8]
    private var extensionBytes = 0

    /// Nil when the bytes do not begin with a whole, sound body.
    public init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        while let size = takeSize() {
            if size == 0 {
                guard takeTrailers() else { return nil }
                return
            }
            let rest = bytes.count - end
            guard size <= rest - 2, bytes[(end + size)...].starts(with: [0x0D, 0x0A]) else { return nil }
            content += bytes[end..<(end + size)]
            end += size + 2
        }
        return nil
    }

    /// The line up to the next CRLF, without it: text and HTAB.
    private mutating func takeLine() -> [UInt8]? {
        let line = Array(bytes[end...].prefix { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F })
        guard bytes[(end + line.count)...].starts(with: [0x0D, 0x0A]) else { return nil }
        end += line.count + 2
        return line
    }

    private mutating func takeSize() -> Int? {
        guard let line = takeLine() else { return nil }
        let digits = line.prefix { $0 < 0x80 && Character(Unicode.Scalar($0)).isHexDigit }
        guard (1...15).contains(digits.count) else { return nil }
        var rest = line.dropFirst(digits.count)
        // White space before an extension counts with it; its semicolon does not.
        let blanks = rest.prefix { $0 == 0x20 || $0 == 0x09 }.count
        rest = rest.dropFirst(blanks)
        guard rest.isEmpty ? blanks == 0 : rest.first == UInt8(ascii: ";") else { return nil }
        let count = blanks + max(0, rest.count - 1)
        extensionBytes += count
        guard count <= 4 * 1024, extensionBytes <= 16 * 1024 else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private mutating func takeTrailers() -> Bool {
        let start = end
        while let line = takeLine() {
            guard end - start <= 16 * 1024 + 2 else { return false }
            if line.isEmpty { return true }
            let name = line.prefix { $0 != UInt8(ascii: ":") }
            guard !name.isEmpty, name.count < line.count, name.allSatisfy(NaiveHead.isToken) else { return false }
        }
        return false
    }
}
