import Vocabulary

/// The one spelling of a JSON value: no white space, members in the order of their names' bytes, as few escapes as
/// possible, numbers as they were written (1.0 is not 1: a reader may tell them apart).
struct CanonicalForm {
    let tape: JSONTape
    let bytes: UnsafeBufferPointer<UInt8>

    /// Appends the value at `index`. Recurses as deep as the text is nested, which the reader bounds.
    func append(_ index: Int, to output: inout ByteWriter) {
        let node = tape.nodes[index]
        switch node.kind {
        case .null, .yes, .no, .number: output.append(UnsafeBufferPointer(rebasing: bytes[node.range]))
        case .string: JSONContent.appendCanonical(node, bytes, to: &output)
        case .array: appendArray(index, to: &output)
        case .object: appendObject(index, to: &output)
        }
    }

    private func appendArray(_ index: Int, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "["))
        var element = index + 1
        for position in 0..<tape.nodes[index].count {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            append(element, to: &output)
            element = Int(tape.nodes[element].next)
        }
        output.append(UInt8(ascii: "]"))
    }

    private func appendObject(_ index: Int, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "{"))
        for (position, member) in membersByName(of: index).enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            JSONContent.appendQuoted(member.name, to: &output)
            output.append(UInt8(ascii: ":"))
            append(member.value, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    /// The members of an object, their names unescaped, in the order of these.
    func membersByName(of object: Int) -> [(name: [UInt8], value: Int)] {
        var members: [(name: [UInt8], value: Int)] = []
        tape.forEachMember(of: object) { name, value in
            members.append((JSONContent.bytes(tape.nodes[name], bytes), value))
        }
        members.sort { $0.name.lexicographicallyPrecedes($1.name) }
        return members
    }
}
