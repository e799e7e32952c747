/// The outermost members of a JSON object that the strict reader refused.
///
/// For replies of a vendor whose JSON writer is not exact: NaN (Python), lone surrogates, a byte order mark, duplicate
/// names, a comma before a bracket. Their cost must be found, and never in the wrong place. So this reader relies only
/// on facts that all readers agree on: where strings end and which bracket closes which. Anything that could make
/// readers differ about these (comments, apostrophes, an unknown escape) makes the whole text broken. Only members of
/// the outermost object are reported, duplicates included, which the caller must handle. Takes linear time.
///
/// Must not outlive the call that lends the bytes. Each index is compared with their count before it is used.
@safe
public struct LenientObject {
    /// The kind of the text.
    public enum Shape {
        /// One object and white space.
        case object
        /// One object, followed by bytes that cannot contain a member: there is no quotation mark among them.
        case objectAndMore
        /// Neither: the members reported from it must not be used.
        case broken
    }

    /// The part of a member's value that all readers agree on.
    public enum Value {
        /// The string's content without quotation marks, still escaped.
        case string(JSONTape.Node)
        /// A JSON number, or text that starts like one without a leading zero.
        case number(Range<Int>)
        case null
        case other
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    /// The closing brackets still expected inside a member.
    private var closings: [UInt8] = []

    public init(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe self.bytes = bytes }

    /// Calls `body` with each outermost member, in document order.
    public mutating func forEachMember(_ body: (_ name: JSONTape.Node, _ value: Value) -> Void) -> Shape {
        if unsafe bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        guard takes("{") else { return .broken }
        while !takes("}") {
            guard let name = string(), takes(":"), let value = value() else { return .broken }
            body(name, value)
            // A comma before the bracket is accepted: it cannot change the members.
            if !takes(","), current != UInt8(ascii: "}") { return .broken }
        }
        skipWhiteSpace()
        if unsafe position == bytes.count { return .object }
        return unsafe bytes[position...].contains(UInt8(ascii: "\"")) ? .broken : .objectAndMore
    }

    /// The next byte; 0, which is valid nowhere, at the end.
    private var current: UInt8 { unsafe position < bytes.count ? bytes[position] : 0 }

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

    /// Reads a string; nil when it does not end or has an escape that JSON does not define.
    private mutating func string() -> JSONTape.Node? {
        skipWhiteSpace()
        guard current == UInt8(ascii: "\"") else { return nil }
        position += 1
        let start = position
        var hasEscapes = false
        while unsafe position < bytes.count {
            switch unsafe bytes[position] {
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
        guard unsafe position + 1 < bytes.count else { return false }
        switch unsafe bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
            return true
        case UInt8(ascii: "u"):
            guard unsafe position + 6 <= bytes.count, unsafe JSONScanner.unit(bytes, at: position + 2) != nil else {
                return false
            }
            position += 6
            return true
        default: return false
        }
    }

    /// Skips an array or an object with its content. Only its strings and brackets matter.
    private mutating func skipContainer() -> Bool {
        closings.removeAll(keepingCapacity: true)
        while unsafe position < bytes.count {
            switch unsafe bytes[position] {
            case UInt8(ascii: "{"): closings.append(UInt8(ascii: "}"))
            case UInt8(ascii: "["): closings.append(UInt8(ascii: "]"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard unsafe closings.popLast() == bytes[position] else { return false }
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

    /// Reads a number, a literal, or what some writers use instead, like NaN and -Infinity.
    private mutating func word() -> Value? {
        let start = position
        while Self.isOfWords(current) { position += 1 }
        let word = unsafe bytes[start..<position]
        guard unsafe !word.isEmpty else { return nil }
        if unsafe word.elementsEqual("null".utf8) { return .null }
        let digits = unsafe word.first == UInt8(ascii: "-") ? word.dropFirst() : word
        guard let first = unsafe digits.first, (0x30...0x39).contains(first) else { return .other }
        // Some readers read 010 as eight.
        if first == 0x30, let second = unsafe digits.dropFirst().first, (0x30...0x39).contains(second) { return .other }
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
