/// A scanner of the tokens of a JSON text, RFC 8259 §6 and §7.
///
/// Lives inside the call that lends `bytes`. Each index is compared with their count before it is used.
@safe
struct JSONScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { unsafe self.bytes = bytes }

    /// The byte at `position`, which must be inside the text.
    var current: UInt8 { unsafe bytes[position] }

    func fault(_ reason: String) -> JSONFault { unsafe JSONFault(reason, at: position, in: bytes) }

    private func fault(_ reason: String, at offset: Int) -> JSONFault {
        unsafe JSONFault(reason, at: offset, in: bytes)
    }

    /// Skips white space; returns whether there was any.
    @inline(__always)
    mutating func skipWhiteSpace() -> Bool {
        // Usually there is none.
        guard unsafe position < bytes.count, unsafe Self.isWhiteSpace(bytes[position]) else { return false }
        repeat { position &+= 1 } while unsafe position < bytes.count && Self.isWhiteSpace(bytes[position])
        return true
    }

    @inline(__always)
    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte <= 0x20 && (byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09)
    }

    /// Skips the next byte if it is this one; returns whether it was.
    @inline(__always)
    mutating func takes(_ byte: UInt8) -> Bool {
        guard unsafe position < bytes.count, unsafe bytes[position] == byte else { return false }
        position &+= 1
        return true
    }

    mutating func skipWord(_ word: StaticString) throws(JSONFault) {
        let count = word.utf8CodeUnitCount
        guard unsafe position + count <= bytes.count,
            (0..<count).allSatisfy({ unsafe bytes[position + $0] == word.utf8Start[$0] })
        else { throw fault("no JSON value begins like this") }
        position += count
    }

    // MARK: Numbers

    /// Skips a number that starts with a digit or a minus sign.
    @inline(__always)
    mutating func skipNumber() throws(JSONFault) {
        // Usually it is an integer without a sign.
        var end = position
        if unsafe bytes[end] &- 0x31 < 9 { end = endOfDigits(end &+ 1) } else if unsafe bytes[end] == 0x30 { end &+= 1 }
        // The number ends here: the next byte is not part of one, except + and -, which cannot follow a digit.
        if end > position, unsafe end < bytes.count, unsafe bytes[end] != UInt8(ascii: "."),
            unsafe bytes[end] | 0x20 != UInt8(ascii: "e"),
            !isDigit(end)
        {
            position = end
        } else {
            try skipAnyNumber()
        }
    }

    private mutating func skipAnyNumber() throws(JSONFault) {
        var end = position
        if unsafe bytes[end] == UInt8(ascii: "-") { end &+= 1 }
        guard isDigit(end) else { throw fault("a digit is missing in a number", at: end) }
        if unsafe bytes[end] == UInt8(ascii: "0") {
            end &+= 1
            if isDigit(end) { throw fault("a number begins with a zero too many", at: end) }
        } else {
            end = endOfDigits(end)
        }
        if unsafe end < bytes.count, unsafe bytes[end] == UInt8(ascii: ".") {
            guard isDigit(end &+ 1) else { throw fault("a digit is missing after the decimal point", at: end &+ 1) }
            end = endOfDigits(end &+ 1)
        }
        if unsafe end < bytes.count, unsafe bytes[end] | 0x20 == UInt8(ascii: "e") {
            end &+= 1
            if unsafe end < bytes.count, unsafe bytes[end] == UInt8(ascii: "+") || bytes[end] == UInt8(ascii: "-") {
                end &+= 1
            }
            guard isDigit(end) else { throw fault("a digit is missing in an exponent", at: end) }
            end = endOfDigits(end)
        }
        position = end
    }

    @inline(__always)
    private func isDigit(_ index: Int) -> Bool { unsafe index < bytes.count && bytes[index] &- 0x30 < 10 }

    @inline(__always)
    private func endOfDigits(_ start: Int) -> Int {
        var end = start
        while isDigit(end) { end &+= 1 }
        return end
    }

    // MARK: Strings

    /// Skips a string with its quotation marks; returns whether it has escapes.
    mutating func skipString() throws(JSONFault) -> Bool {
        // The quotation mark, and usually the whole string.
        skipPlain()
        var hasEscapes = false
        while unsafe position < bytes.count {
            let byte = unsafe bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position &+= 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case 0..<0x20: throw fault("a control character stands in a string; escape it")
            case 0x20..<0x80: skipPlain()
            default: try skipMultibyte()
            }
        }
        throw fault("a string does not end")
    }

    /// Skips the byte at `position` and the following plain bytes, in words of eight: ASCII without controls, quotation
    /// mark and backslash.
    @inline(__always)
    private mutating func skipPlain() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = unsafe UnsafeRawPointer(bytes.baseAddress!)
        var index = position &+ 1
        while unsafe index &+ 8 <= bytes.count {
            let word = unsafe UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let slashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            // The high bit of each special byte, and possibly of other bytes above the lowest special one.
            let marks =
                ((word &- ones &* 0x20) | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes | word) & highs
            if marks != 0 {
                position = index &+ marks.trailingZeroBitCount / 8
                return
            }
            index &+= 8
        }
        position = index
    }

    private mutating func skipEscape() throws(JSONFault) {
        guard unsafe position + 1 < bytes.count else { throw fault("a string does not end") }
        switch unsafe bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try readUnit()
            guard unit & 0xF800 == 0xD800 else { return }
            guard unit < 0xDC00, unsafe position + 1 < bytes.count, current == UInt8(ascii: "\\"),
                unsafe bytes[position + 1] == UInt8(ascii: "u"), try readUnit() & 0xFC00 == 0xDC00
            else { throw fault("an escape is half of a surrogate pair") }
        default: throw fault("this escape is not known to JSON")
        }
    }

    /// Reads the four digits of the `\uXXXX` at `position`; moves `position` past them.
    private mutating func readUnit() throws(JSONFault) -> UInt16 {
        guard unsafe position + 6 <= bytes.count, let unit = unsafe JSONScanner.unit(bytes, at: position + 2) else {
            throw fault("an escape \\u needs four hexadecimal digits")
        }
        position += 6
        return unit
    }

    @inline(__always)
    static func unit(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt16? {
        var unit: UInt16 = 0
        for index in start..<(start &+ 4) {
            let byte = unsafe bytes[index]
            guard byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6 else { return nil }
            // Letters have bit 6 set, and their low bits count from 1.
            unit = unit << 4 | UInt16(byte & 15 &+ 9 &* (byte >> 6))
        }
        return unit
    }

    /// Skips a character of two to four bytes, RFC 3629 §4: no overlong form, no surrogate, none above U+10FFFF.
    private mutating func skipMultibyte() throws(JSONFault) {
        let left = unsafe bytes.count - position
        let length: Int
        switch current {
        case 0xC2...0xDF: length = left >= 2 && isFollowed(by: 0x80...0xBF) ? 2 : 0
        case 0xE0: length = left >= 3 && isFollowed(by: 0xA0...0xBF) ? 3 : 0
        case 0xED: length = left >= 3 && isFollowed(by: 0x80...0x9F) ? 3 : 0
        case 0xE1...0xEC, 0xEE...0xEF: length = left >= 3 && isFollowed(by: 0x80...0xBF) ? 3 : 0
        case 0xF0: length = left >= 4 && isFollowed(by: 0x90...0xBF) ? 4 : 0
        case 0xF1...0xF3: length = left >= 4 && isFollowed(by: 0x80...0xBF) ? 4 : 0
        case 0xF4: length = left >= 4 && isFollowed(by: 0x80...0x8F) ? 4 : 0
        default: length = 0
        }
        guard length > 0, length < 3 || isContinuation(position + 2), length < 4 || isContinuation(position + 3) else {
            throw fault("the text is not valid UTF-8")
        }
        position += length
    }

    @inline(__always)
    private func isFollowed(by range: ClosedRange<UInt8>) -> Bool { unsafe range.contains(bytes[position + 1]) }

    @inline(__always)
    private func isContinuation(_ index: Int) -> Bool { unsafe bytes[index] & 0xC0 == 0x80 }
}

/// Why bytes are not strict JSON, and where. Contains none of the bytes themselves.
public struct JSONFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason, as a clause that follows "at line 3, column 5: ".
    public let reason: String
    /// The number of bytes before the fault.
    public let offset: Int
    /// Counted from 1; the column counts bytes.
    public let line: Int
    public let column: Int

    init(_ reason: String, at offset: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        self.reason = reason
        self.offset = offset
        var line = 1
        var lineStart = 0
        for index in 0..<min(offset, bytes.count) where unsafe bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        self.line = line
        column = offset - lineStart + 1
    }

    public var description: String { "line \(line), column \(column): \(reason)" }
}
