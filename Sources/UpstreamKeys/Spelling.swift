import Glibc

/// An escape syntax: a way to spell one character with several. Pure.
///
/// Accepts any text, even one that is not in its language: whatever is not an escape stands for itself.
enum Spelling {
    /// Escapes in JSON strings, RFC 8259 §7. Outside strings a JSON text has no backslash.
    case json
    /// Percent-encoding, RFC 3986 §2.1.
    case percent
    /// Character references of HTML and XML: numeric ones, and the five that writers use by name.
    case entity

    private var mark: UInt8 {
        switch self {
        case .json: UInt8(ascii: "\\")
        case .percent: UInt8(ascii: "%")
        case .entity: UInt8(ascii: "&")
        }
    }

    /// Whether there may be anything to decode; false for most texts.
    func mayStand(in text: [UInt8]) -> Bool {
        text.withUnsafeBufferPointer { text in
            text.baseAddress.map { memchr($0, Int32(mark), text.count) != nil } ?? false
        }
    }

    /// The text with every escape decoded.
    func undo(_ text: [UInt8]) -> [UInt8] {
        var undone: [UInt8] = []
        undone.reserveCapacity(text.count)
        walk(text) { source, characters in
            if let characters { undone += characters } else { undone += text[source] }
        }
        return undone
    }

    /// The ranges of a text that the given ranges of the decoded text come from.
    ///
    /// - Parameter ranges: ascending and disjoint.
    func source(of ranges: [Range<Int>], in text: [UInt8]) -> [Range<Int>] {
        guard !ranges.isEmpty else { return [] }
        var sources: [Range<Int>] = []
        var next = 0
        var position = 0
        walk(text) { source, characters in
            let piece = position..<(position + (characters?.count ?? source.count))
            position = piece.upperBound
            while next < ranges.count, ranges[next].lowerBound < piece.upperBound {
                let part = ranges[next].clamped(to: piece)
                let start = source.lowerBound + part.lowerBound - piece.lowerBound
                if !part.isEmpty { sources.append(characters == nil ? start..<(start + part.count) : source) }
                // A range that extends beyond this piece is continued with the next one.
                if ranges[next].upperBound > piece.upperBound { return }
                next += 1
            }
        }
        return sources
    }

    /// Calls `body` with each piece of a text in turn: its range, and the decoded bytes if it is an escape, else nil.
    private func walk(_ text: [UInt8], _ body: (Range<Int>, [UInt8]?) -> Void) {
        var position = 0
        var plainStart = 0
        while let next = text[position...].firstIndex(of: mark) {
            guard let (count, characters) = unit(text[next...]) else {
                position = next + 1
                continue
            }
            if plainStart < next { body(plainStart..<next, nil) }
            body(next..<(next + count), characters)
            position = next + count
            plainStart = position
        }
        if plainStart < text.count { body(plainStart..<text.count, nil) }
    }

    /// The length of the escape that a text begins with, and its decoded bytes; nil when there is none.
    private func unit(_ text: ArraySlice<UInt8>) -> (count: Int, characters: [UInt8])? {
        switch self {
        case .json: Self.escape(text)
        case .percent: Self.hex(text.dropFirst().prefix(2), exactly: 2).map { (3, [UInt8($0)]) }
        case .entity: Self.reference(text)
        }
    }

    private static func escape(_ text: ArraySlice<UInt8>) -> (count: Int, characters: [UInt8])? {
        guard let kind = text.dropFirst().first else { return nil }
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return (2, [kind])
        case UInt8(ascii: "b"): return (2, [0x08])
        case UInt8(ascii: "f"): return (2, [0x0C])
        case UInt8(ascii: "n"): return (2, [0x0A])
        case UInt8(ascii: "r"): return (2, [0x0D])
        case UInt8(ascii: "t"): return (2, [0x09])
        case UInt8(ascii: "u"):
            // Half of a surrogate pair stands for itself: keys are ASCII.
            guard let value = hex(text.dropFirst(2).prefix(4), exactly: 4) else { return nil }
            return utf8(value).map { (6, $0) }
        default: return nil
        }
    }

    private static let names: [(name: [UInt8], character: UInt8)] = [
        (Array("&amp;".utf8), UInt8(ascii: "&")), (Array("&lt;".utf8), UInt8(ascii: "<")),
        (Array("&gt;".utf8), UInt8(ascii: ">")), (Array("&quot;".utf8), UInt8(ascii: "\"")),
        (Array("&apos;".utf8), UInt8(ascii: "'")),
    ]

    private static func reference(_ text: ArraySlice<UInt8>) -> (count: Int, characters: [UInt8])? {
        for (name, character) in names where text.starts(with: name) { return (name.count, [character]) }
        // `&#` and at most eight digits and a semicolon: leading zeros are allowed, but no writer uses more of them.
        let head = text.prefix(12)
        guard head.dropFirst().first == UInt8(ascii: "#"), let end = head.firstIndex(of: UInt8(ascii: ";")) else {
            return nil
        }
        var digits = head[(head.startIndex + 2)..<end]
        let isHex = digits.first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
        if isHex { digits = digits.dropFirst() }
        let value = isHex ? hex(digits, exactly: digits.count) : decimal(digits)
        guard let value, let characters = utf8(value) else { return nil }
        return (end + 1 - head.startIndex, characters)
    }

    private static func hex(_ digits: ArraySlice<UInt8>, exactly count: Int) -> UInt32? {
        guard digits.count == count, (1...8).contains(count) else { return nil }
        var value: UInt32 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt32(digit - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(digit - 0x37)
            case 0x61...0x66: value = value << 4 | UInt32(digit - 0x57)
            default: return nil
            }
        }
        return value
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + UInt32($1 - 0x30) }
    }

    /// Nil when the value is not a character.
    private static func utf8(_ value: UInt32) -> [UInt8]? {
        Unicode.Scalar(value).map { Array(String(Character($0)).utf8) }
    }
}
