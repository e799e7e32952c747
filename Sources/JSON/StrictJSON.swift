/// A strict reader of RFC 8259 JSON: no byte order mark, no NaN, no trailing bytes, no lone surrogate, no invalid
/// UTF-8, no duplicate names. Confined to its user; its memory is reused.
///
/// No two readers may understand a text differently: where the RFC leaves that open (duplicate names, unpaired
/// surrogates), the text is refused. The reader does not recurse: open containers are linked through their nodes up to
/// the maximum depth, so a megabyte of brackets is refused at the first bracket too many. Its time is linear in the
/// length of the text, except that the names of an object are sorted.
public struct StrictJSON: ~Copyable {
    private enum Expected {
        case firstElement, firstName, separator, value, name, colon, nothing

        var mayBeClosing: Bool {
            switch self {
            case .firstElement, .firstName, .separator: true
            case .value, .name, .colon, .nothing: false
            }
        }
    }

    public let tape = JSONTape()
    /// The innermost open container. Until it is closed, its node stores the enclosing container and the value of
    /// `irregularities` before it.
    private var container = Self.outermost
    private var depth = 0
    private var isInObject = false
    /// The number of items read so far that the canonical form may spell differently.
    private var irregularities: UInt32 = 0
    private var names = NameSet()
    private let depthMax: Int

    private static let outermost = UInt32.max

    public init(depthMax: Int = 64) { self.depthMax = depthMax }

    /// Reads all of `bytes`; `tape` holds the result, with the outermost value as its first node.
    public mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONFault) {
        tape.removeAll()
        (container, depth, irregularities) = (Self.outermost, 0, 0)
        guard bytes.count <= Int(Int32.max) else { throw unsafe JSONFault("the text is too long", at: 0, in: bytes) }
        if bytes.count >= 3, unsafe bytes[0] == 0xEF, unsafe bytes[1] == 0xBB, unsafe bytes[2] == 0xBF {
            throw unsafe JSONFault("a byte order mark stands before the text; remove it", at: 0, in: bytes)
        }
        var scanner = unsafe JSONScanner(bytes: bytes)
        var expected = Expected.value
        while true {
            if scanner.skipWhiteSpace() { irregularities &+= 1 }
            guard scanner.position < bytes.count else {
                if expected == .nothing { return }
                throw scanner.fault("the text ends too early")
            }
            expected = try step(expected, &scanner)
        }
    }

    /// Reads a token, and a comma or colon that immediately follows it.
    @inline(__always)
    private mutating func step(_ expected: Expected, _ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        let byte = scanner.current
        // A bracket of either kind; a mismatched or misplaced one is detected below.
        if byte | 0x20 == UInt8(ascii: "}"), expected.mayBeClosing, isInObject == (byte == UInt8(ascii: "}")) {
            return try close(&scanner)
        }
        switch expected {
        case .value, .firstElement: return try readValue(&scanner)
        case .name, .firstName: return try readName(&scanner)
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw scanner.fault("a colon is missing after a member's name") }
            scanner.position &+= 1
            return .value
        case .separator:
            guard byte == UInt8(ascii: ",") else {
                throw scanner.fault(isInObject ? "a comma or } is missing" : "a comma or ] is missing")
            }
            scanner.position &+= 1
            return isInObject ? .name : .value
        case .nothing: throw scanner.fault("something follows the end of the text")
        }
    }

    @inline(__always)
    private func afterValue(_ scanner: inout JSONScanner) -> Expected {
        guard depth > 0 else { return .nothing }
        guard scanner.takes(UInt8(ascii: ",")) else { return .separator }
        return isInObject ? .name : .value
    }

    @inline(__always)
    private mutating func readName(_ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        guard scanner.current == UInt8(ascii: "\"") else { throw scanner.fault("a member's name in quotes is missing") }
        try readString(&scanner)
        return scanner.takes(UInt8(ascii: ":")) ? .value : .colon
    }

    @inline(__always)
    private mutating func readValue(_ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        let start = scanner.position
        switch scanner.current {
        case UInt8(ascii: "{"): return try begin(.object, &scanner)
        case UInt8(ascii: "["): return try begin(.array, &scanner)
        case UInt8(ascii: "\""): try readString(&scanner)
        case UInt8(ascii: "t"):
            try scanner.skipWord("true")
            append(.yes, start, scanner)
        case UInt8(ascii: "f"):
            try scanner.skipWord("false")
            append(.no, start, scanner)
        case UInt8(ascii: "n"):
            try scanner.skipWord("null")
            append(.null, start, scanner)
        case UInt8(ascii: "-"), 0x30...0x39:
            try scanner.skipNumber()
            append(.number, start, scanner)
        default: throw scanner.fault("no JSON value begins like this")
        }
        return afterValue(&scanner)
    }

    @inline(__always)
    private mutating func append(_ kind: JSONTape.Kind, _ start: Int, _ scanner: JSONScanner) {
        unsafe tape.append(kind, isCanonical: true, start, scanner.position, textLeft: scanner.bytes.count - start)
    }

    @inline(__always)
    private mutating func readString(_ scanner: inout JSONScanner) throws(JSONFault) {
        let start = scanner.position + 1
        let hasEscapes = try scanner.skipString()
        if hasEscapes { irregularities &+= 1 }
        let textLeft = unsafe scanner.bytes.count - start
        tape.append(.string, isCanonical: !hasEscapes, start, scanner.position - 1, textLeft: textLeft)
    }

    @inline(__always)
    private mutating func begin(_ kind: JSONTape.Kind, _ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        guard depth < depthMax else { throw scanner.fault("the text is nested more than \(depthMax) levels deep") }
        let start = scanner.position
        let outer = container
        container = UInt32(truncatingIfNeeded: tape.count)
        depth &+= 1
        unsafe tape.open(kind, start, within: outer, irregularities, textLeft: scanner.bytes.count - start)
        scanner.position &+= 1
        isInObject = kind == .object
        return isInObject ? .firstName : .firstElement
    }

    private mutating func close(_ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        guard depth > 0 else { preconditionFailure("close() outside any container") }
        scanner.position &+= 1
        let closing = Int(container)
        let (outer, irregularitiesBefore) = tape.close(closing, at: scanner.position)
        if isInObject, tape.hasSeveral(closing) {
            switch unsafe names.putInOrder(closing, of: tape, scanner.bytes) {
            case .asItStands: break
            case .changed: irregularities &+= 1
            case .repeated(let name):
                throw unsafe JSONFault("a member's name stands twice in one object", at: name, in: scanner.bytes)
            }
        }
        if irregularities == irregularitiesBefore { tape.setCanonical(closing) }
        container = outer
        depth &-= 1
        isInObject = unsafe depth > 0 && tape.nodes[Int(outer)].kind == .object
        return afterValue(&scanner)
    }
}
