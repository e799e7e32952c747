import JSON
import Oracles
import Vocabulary

/// Any bytes, read as JSON.
struct JSONTarget {
    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        for depthMax in [64, 3] {
            let naive = NaiveJSON.read(input, depthMax: depthMax)
            let value: JSONValue
            do throws(JSONFault) {
                value = try JSONValue.parse(input.span, depthMax: depthMax)
            } catch {
                try hold(naive == nil, "what RFC 8259 has as JSON is taken: \(error)")
                try check(error)
                continue
            }
            let tree = Tree(value)
            try hold(naive == tree, "what is taken is what RFC 8259 has it to be")
            let text = value.text
            try hold(NaiveJSON.read(text) == tree, "a value that is written is read again as the same")
            try hold(!text.contains { $0 < 0x20 }, "a value is written on one line")
        }
        try checkLenient()
        try checkText()
    }

    private func check(_ fault: JSONFault) throws(BrokenRule) {
        try hold((0...input.count).contains(fault.offset), "a fault lies in the text")
        let before = input[..<fault.offset]
        let column = fault.offset - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        let isThere = fault.line == before.count { $0 == 0x0A } + 1 && fault.column == column
        try hold(isThere, "line and column say where the fault lies")
    }

    /// The reader for what others write finds in strict JSON what the strict one finds.
    private func checkLenient() throws(BrokenRule) {
        var (names, shape): ([Text], LenientObject.Shape) = ([], .broken)
        input.withUnsafeBufferPointer { bytes in
            var object = LenientObject(bytes)
            shape = object.forEachMember { name, _ in
                // What has a half of a surrogate pair is content of no text.
                guard JSONContent.isWellFormed(name, bytes) else { return }
                names.append(Text(String(decoding: JSONContent.bytes(name, bytes), as: UTF8.self)))
            }
        }
        guard case .object(let members)? = NaiveJSON.read(input) else { return }
        try hold(shape == .object, "a strict object is an object to the lenient reader")
        try hold(Set(names) == Set(members.keys) && names.count == members.count, "its members are the same")
    }

    /// Any bytes are written as a string that is one.
    private func checkText() throws(BrokenRule) {
        var output = ByteWriter(capacity: 16)
        output.append("\"")
        JSONText.appendEscaped(input.span, to: &output)
        output.append("\"")
        let written = output.bytes
        guard case .string(let text)? = NaiveJSON.read(written) else {
            return try hold(false, "any text is written as JSON")
        }
        try hold(!written.contains { $0 < 0x20 || $0 == 0x7F }, "no control character is written")
        if let string = String(validating: input, as: UTF8.self) {
            try hold(text == Text(string), "a text that is written is read again as the same")
        }
    }
}

extension Tree {
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let text): self = .number(text)
        case .string(let string): self = .string(Text(string))
        case .array(let elements): self = .array(elements.map(Tree.init))
        case .object(let members):
            self = .object(Dictionary(uniqueKeysWithValues: members.map { (Text($0.name), Tree($0.value)) }))
        }
    }
}
