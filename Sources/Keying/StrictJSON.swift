/// Reads JSON as RFC 8259 has it, and nothing else: no byte order mark, no NaN, no trailing bytes, no lone surrogate,
/// no invalid UTF-8, no two members of one name. Confined to its user; its memory is used again.
///
/// Two readers of one text must not be able to understand different things by it: where the RFC leaves that open
/// (duplicate names, unpaired surrogates), the text is refused. It does not recurse: containers that are open stand on
/// a stack that is as deep as is allowed, so a megabyte of brackets is refused at the first one too many.
struct StrictJSON {
    private enum Expected { case value, firstElement, firstName, name, colon, separator, nothing }

    private(set) var tape = JSONTape()
    private var open: [Int] = []
    private var names = NameSet()
    private let depthMax: Int

    init(depthMax: Int = 64) { self.depthMax = depthMax }

    /// Reads `bytes` whole; `tape` holds the result, its first node the outermost value.
    mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONFault) {
        tape.nodes.removeAll(keepingCapacity: true)
        open.removeAll(keepingCapacity: true)
        guard bytes.count < Int(UInt32.max) else { throw JSONFault("the text is too long", at: 0, in: bytes) }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw JSONFault("a byte order mark stands before the text; remove it", at: 0, in: bytes)
        }
        var scanner = JSONScanner(bytes: bytes)
        var expected = Expected.value
        while true {
            scanner.skipWhiteSpace()
            guard scanner.position < bytes.count else {
                if expected == .nothing { return }
                throw scanner.fault("the text ends too early")
            }
            expected = try step(expected, &scanner)
        }
    }

    private mutating func step(_ expected: Expected, _ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        let byte = scanner.current
        switch expected {
        case .nothing: throw scanner.fault("something follows the end of the text")
        case .value: return try readValue(&scanner)
        case .firstElement:
            if byte == UInt8(ascii: "]") { return try close(&scanner) }
            return try readValue(&scanner)
        case .firstName:
            if byte == UInt8(ascii: "}") { return try close(&scanner) }
            return try readName(&scanner)
        case .name: return try readName(&scanner)
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw scanner.fault("a colon is missing after a member's name") }
            scanner.position += 1
            return .value
        case .separator: return try readSeparator(&scanner)
        }
    }

    private mutating func readSeparator(_ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        guard let container = open.last else { preconditionFailure("a separator outside any container") }
        let isObject = tape.nodes[container].kind == .object
        switch scanner.current {
        case UInt8(ascii: ","):
            scanner.position += 1
            return isObject ? .name : .value
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject: return try close(&scanner)
        default: throw scanner.fault(isObject ? "a comma or } is missing" : "a comma or ] is missing")
        }
    }

    private mutating func readName(_ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        guard scanner.current == UInt8(ascii: "\"") else { throw scanner.fault("a member's name in quotes is missing") }
        try append(scanner.readString())
        return .colon
    }

    private mutating func readValue(_ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        switch scanner.current {
        case UInt8(ascii: "{"): return try begin(.object, &scanner)
        case UInt8(ascii: "["): return try begin(.array, &scanner)
        case UInt8(ascii: "\""): try append(scanner.readString())
        case UInt8(ascii: "t"): try append(scanner.readWord("true", .yes))
        case UInt8(ascii: "f"): try append(scanner.readWord("false", .no))
        case UInt8(ascii: "n"): try append(scanner.readWord("null", .null))
        case UInt8(ascii: "-"), 0x30...0x39: try append(scanner.readNumber())
        default: throw scanner.fault("no JSON value begins like this")
        }
        return countValue()
    }

    private mutating func append(_ node: JSONTape.Node) {
        tape.nodes.append(node)
        tape.nodes[tape.nodes.count - 1].next = UInt32(tape.nodes.count)
    }

    private mutating func begin(_ kind: JSONTape.Kind, _ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        guard open.count < depthMax else { throw scanner.fault("the text is nested more than \(depthMax) levels deep") }
        open.append(tape.nodes.count)
        let position = UInt32(scanner.position)
        tape.nodes.append(JSONTape.Node(kind: kind, start: position, end: position, next: 0))
        scanner.position += 1
        return kind == .object ? .firstName : .firstElement
    }

    private mutating func close(_ scanner: inout JSONScanner) throws(JSONFault) -> Expected {
        guard let container = open.popLast() else { preconditionFailure("close() outside any container") }
        scanner.position += 1
        tape.nodes[container].end = UInt32(scanner.position)
        tape.nodes[container].next = UInt32(tape.nodes.count)
        let isObject = tape.nodes[container].kind == .object
        if isObject, let name = names.firstDuplicate(of: container, in: tape, scanner.bytes) {
            throw JSONFault("a member's name stands twice in one object", at: name, in: scanner.bytes)
        }
        return countValue()
    }

    /// A value is whole: counts it in its container, and says what follows.
    private mutating func countValue() -> Expected {
        guard let container = open.last else { return .nothing }
        tape.nodes[container].count += 1
        return .separator
    }
}
