/// Walks the members of a `Cache-Control` value: `token [ "=" ( token / quoted-string ) ]`, RFC 9111 §5.2.
///
/// Empty members are skipped (RFC 9110 §5.6.1.2). A member that departs from the grammar is still given, without a
/// sound argument, and the walk goes on behind the next comma outside a quoted string.
struct DirectiveReader {
    /// One member of the list, as offsets into the value.
    struct Directive {
        var name: Range<Int>
        /// The argument without its quotation marks; nil when there is none or the member is malformed.
        var argument: Range<Int>?
    }

    private var position = 0

    /// The next member, nil at the end.
    mutating func next(in bytes: Span<UInt8>) -> Directive? {
        while position < bytes.count, bytes[position] == UInt8(ascii: ",") || isBlank(bytes[position]) { position += 1 }
        guard position < bytes.count else { return nil }
        let name = position..<endOfToken(from: position, in: bytes)
        position = name.upperBound
        var argument: Range<Int>?
        if position < bytes.count, bytes[position] == UInt8(ascii: "=") {
            position += 1
            argument = readArgument(in: bytes)
        }
        let end = position
        skipMember(in: bytes)
        let isSound = (end..<position).allSatisfy { isBlank(bytes[$0]) }
        return Directive(name: name, argument: isSound ? argument : nil)
    }

    /// Leaves the position behind the argument; nil for an empty token or a string that does not end.
    private mutating func readArgument(in bytes: Span<UInt8>) -> Range<Int>? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            let start = position
            position = endOfToken(from: position, in: bytes)
            return start == position ? nil : start..<position
        }
        let start = position + 1
        guard let quote = closingQuote(from: start, in: bytes) else {
            position = bytes.count
            return nil
        }
        position = quote + 1
        return start..<quote
    }

    /// Moves to the comma that ends this member, or to the end.
    private mutating func skipMember(in bytes: Span<UInt8>) {
        while position < bytes.count, bytes[position] != UInt8(ascii: ",") {
            if bytes[position] == UInt8(ascii: "\"") {
                position = closingQuote(from: position + 1, in: bytes) ?? bytes.count - 1
            }
            position += 1
        }
    }

    private func closingQuote(from start: Int, in bytes: Span<UInt8>) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") { return index }
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    private func endOfToken(from start: Int, in bytes: Span<UInt8>) -> Int {
        var index = start
        while index < bytes.count, isTokenCharacter(bytes[index]) { index += 1 }
        return index
    }
}

extension DirectiveReader.Directive {
    /// Whether the name is `expected`, which is in lower case; names have no case (RFC 9111 §5.2).
    func isNamed(_ expected: StaticString, in bytes: Span<UInt8>) -> Bool {
        guard name.count == expected.utf8CodeUnitCount else { return false }
        return expected.withUTF8Buffer { letters in
            for (offset, letter) in letters.enumerated() {
                let byte = bytes[name.lowerBound + offset]
                let isUpperCase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                if (isUpperCase ? byte | 0x20 : byte) != letter { return false }
            }
            return true
        }
    }

    /// The argument as delta-seconds (RFC 9111 §1.2.2), clamped to `secondsMax`; nil when it is not made of digits.
    func deltaSeconds(in bytes: Span<UInt8>) -> Int64? {
        guard let argument, !argument.isEmpty else { return nil }
        var seconds: Int64 = 0
        for index in argument {
            guard (0x30...0x39).contains(bytes[index]) else { return nil }
            seconds = min(seconds * 10 + Int64(bytes[index] - 0x30), CacheDirectives.secondsMax)
        }
        return seconds
    }
}

/// Optional white space, RFC 9110 §5.6.3.
private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

/// A character of a token, RFC 9110 §5.6.2.
func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
        UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
        true
    default: false
    }
}
