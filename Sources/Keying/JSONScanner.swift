/// Reads single tokens of a JSON text, RFC 8259 §6 and §7.
struct JSONScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The byte at `position`, which is inside the text.
    var current: UInt8 { bytes[position] }

    func fault(_ reason: String) -> JSONFault { JSONFault(reason, at: position, in: bytes) }

    mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    mutating func readWord(_ word: StaticString, _ kind: JSONTape.Kind) throws(JSONFault) -> JSONTape.Node {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count,
            (0..<count).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw fault("no JSON value begins like this") }
        defer { position += count }
        return JSONTape.Node(kind: kind, start: UInt32(position), end: UInt32(position + count), next: 0)
    }

    // MARK: Numbers

    mutating func readNumber() throws(JSONFault) -> JSONTape.Node {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        guard isDigit else { throw fault("a digit is missing in a number") }
        if current == UInt8(ascii: "0") {
            position += 1
            if isDigit { throw fault("a number begins with a zero too many") }
        } else {
            skipDigits()
        }
        if position < bytes.count, current == UInt8(ascii: ".") {
            position += 1
            guard isDigit else { throw fault("a digit is missing after the decimal point") }
            skipDigits()
        }
        if position < bytes.count, current | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            guard isDigit else { throw fault("a digit is missing in an exponent") }
            skipDigits()
        }
        return JSONTape.Node(kind: .number, start: UInt32(start), end: UInt32(position), next: 0)
    }

    private var isDigit: Bool { position < bytes.count && current >= 0x30 && current <= 0x39 }

    private mutating func skipDigits() { while isDigit { position += 1 } }

    // MARK: Strings

    mutating func readString() throws(JSONFault) -> JSONTape.Node {
        position += 1
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            skipPlainWords()
            guard position < bytes.count else { break }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return JSONTape.Node(
                    kind: .string,
                    hasEscapes: hasEscapes,
                    start: UInt32(start),
                    end: UInt32(position),
                    next: 0
                )
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case 0..<0x20: throw fault("a control character stands in a string; escape it")
            case 0x20..<0x80: position += 1
            default: try skipMultibyte()
            }
        }
        throw fault("a string does not end")
    }

    /// Skips whole words of eight bytes that stand for themselves: ASCII but for controls, quotation mark and backslash.
    @inline(__always)
    private mutating func skipPlainWords() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = UnsafeRawPointer(bytes.baseAddress!)
        while position + 8 <= bytes.count {
            let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let slashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            // The high bit of each byte that is one of these, or of one above it: then the bytes are looked at singly.
            let marks =
                (word &- ones &* 0x20) | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes | word
            if marks & highs != 0 { return }
            position += 8
        }
    }

    private mutating func skipEscape() throws(JSONFault) {
        guard position + 1 < bytes.count else { throw fault("a string does not end") }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try readUnit()
            guard unit & 0xF800 == 0xD800 else { return }
            guard unit < 0xDC00, position + 1 < bytes.count, current == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u"), try readUnit() & 0xFC00 == 0xDC00
            else { throw fault("an escape is half of a surrogate pair") }
        default: throw fault("this escape is not known to JSON")
        }
    }

    /// The four digits of `\uXXXX` at `position`, which it moves behind them.
    private mutating func readUnit() throws(JSONFault) -> UInt16 {
        guard position + 6 <= bytes.count, let unit = JSONScanner.unit(bytes, at: position + 2) else {
            throw fault("an escape \\u needs four hexadecimal digits")
        }
        position += 6
        return unit
    }

    static func unit(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt16? {
        var unit: UInt16 = 0
        for index in start..<(start + 4) {
            switch bytes[index] {
            case 0x30...0x39: unit = unit << 4 | UInt16(bytes[index] - 0x30)
            case 0x41...0x46, 0x61...0x66: unit = unit << 4 | UInt16((bytes[index] | 0x20) - 0x57)
            default: return nil
            }
        }
        return unit
    }

    /// One character of two to four bytes, RFC 3629 §4: no overlong form, no surrogate, none above U+10FFFF.
    private mutating func skipMultibyte() throws(JSONFault) {
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch current {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEC, 0xEE...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (1, 0...0)
            }
        guard length > 1, position + length <= bytes.count, second.contains(bytes[position + 1]),
            (2..<length).allSatisfy({ bytes[position + $0] & 0xC0 == 0x80 })
        else { throw fault("the text is not valid UTF-8") }
        position += length
    }
}
