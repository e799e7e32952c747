/// The outermost members of a JSON object that the strict reader refused.
///
/// For replies of a vendor whose JSON writer is not exact: NaN (Python), lone surrogates, a byte order mark, names that
/// stand twice, a comma before a bracket. What a reply cost must be found in them, and never in the wrong place. So only
/// what every reader agrees upon is relied on: where strings end and which bracket closes which. What could make readers
/// differ about that (comments, apostrophes, an unknown escape) breaks the text as a whole. Names are reported as often as
/// they stand there, and only those of the outermost object; the caller has to see to duplicates. Takes one step a byte.
public struct LenientObject {
    /// What a text turned out to be.
    public enum Shape {
        /// One object and white space.
        case object
        /// One object, and behind it bytes which hold no member: there is no quotation mark among them.
        case objectAndMore
        /// Neither: whatever was reported of it must not be relied on.
        case broken
    }

    /// What a member says, as far as it is the same to all readers.
    public enum Value {
        /// The string's content without quotation marks, still escaped.
        case string(JSONTape.Node)
        /// A JSON number, or what begins like one and does not begin with a zero too many.
        case number(Range<Int>)
        case null
        case other
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    /// The closing brackets that are still to come, of what is inside a member.
    private var closings: [UInt8] = []

    public init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Calls `body` with each outermost member, in document order.
    public mutating func forEachMember(_ body: (_ name: JSONTape.Node, _ value: Value) -> Void) -> Shape {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        guard takes("{") else { return .broken }
        while !takes("}") {
            guard let name = string(), takes(":"), let value = value() else { return .broken }
            body(name, value)
            // A comma before the bracket is forgiven: it cannot change what the members are.
            if !takes(","), current != UInt8(ascii: "}") { return .broken }
        }
        skipWhiteSpace()
        if position == bytes.count { return .object }
        return bytes[position...].contains(UInt8(ascii: "\"")) ? .broken : .objectAndMore
    }

    /// The next byte; 0, which stands nowhere, at the end.
    private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func skipWhiteSpace() {
        while current == 0x20 || current == 0x09 || current == 0x0A || current == 0x0D { position += 1 }
    }

    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        skipWhiteSpace()
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value() -> Value? {
        skipWhiteSpace()
        switch current {
        case UInt8(ascii: "\""): return string().map(Value.string)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return skipContainer() ? .other : nil
        default: return word()
        }
    }

    /// A string, or nil when it does not end or has an escape that JSON does not know.
    private mutating func string() -> JSONTape.Node? {
        skipWhiteSpace()
        guard current == UInt8(ascii: "\"") else { return nil }
        position += 1
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return JSONTape.Node(
                    kind: .string,
                    isCanonical: !hasEscapes,
                    start: UInt32(start),
                    end: UInt32(position - 1),
                    next: 0
                )
            case UInt8(ascii: "\\"):
                hasEscapes = true
                guard skipEscape() else { return nil }
            default: position += 1
            }
        }
        return nil
    }

    private mutating func skipEscape() -> Bool {
        guard position + 1 < bytes.count else { return false }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
            return true
        case UInt8(ascii: "u"):
            guard position + 6 <= bytes.count, JSONScanner.unit(bytes, at: position + 2) != nil else { return false }
            position += 6
            return true
        default: return false
        }
    }

    /// Skips an array or an object with all that is in it. Only its strings and brackets matter.
    private mutating func skipContainer() -> Bool {
        closings.removeAll(keepingCapacity: true)
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"): closings.append(UInt8(ascii: "}"))
            case UInt8(ascii: "["): closings.append(UInt8(ascii: "]"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard closings.popLast() == bytes[position] else { return false }
            case UInt8(ascii: "\""):
                guard string() != nil else { return false }
                continue
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D: break
            case let byte: guard Self.isOfWords(byte) else { return false }
            }
            position += 1
            if closings.isEmpty { return true }
        }
        return false
    }

    /// A number, a literal, or what some writers have in their place, like NaN and -Infinity.
    private mutating func word() -> Value? {
        let start = position
        while Self.isOfWords(current) { position += 1 }
        let word = bytes[start..<position]
        guard !word.isEmpty else { return nil }
        if word.elementsEqual("null".utf8) { return .null }
        let digits = word.first == UInt8(ascii: "-") ? word.dropFirst() : word
        guard let first = digits.first, (0x30...0x39).contains(first) else { return .other }
        // Some readers take 010 for eight.
        if first == 0x30, let second = digits.dropFirst().first, (0x30...0x39).contains(second) { return .other }
        return .number(start..<position)
    }

    private static func isOfWords(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
