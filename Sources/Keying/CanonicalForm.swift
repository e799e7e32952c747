/// The one spelling of a JSON value: no white space, members in the order of their names' bytes, as few escapes as
/// possible, numbers as they were written (1.0 is not 1: a reader may tell them apart).
struct CanonicalForm {
    let tape: JSONTape
    let bytes: UnsafeBufferPointer<UInt8>

    func json(of index: Int) -> [UInt8] {
        var output: [UInt8] = []
        append(index, to: &output)
        return output
    }

    /// Recurses as deep as the text is nested, which the reader bounds.
    private func append(_ index: Int, to output: inout [UInt8]) {
        let node = tape.nodes[index]
        switch node.kind {
        case .null, .yes, .no, .number: output.append(contentsOf: bytes[node.range])
        case .string: JSONContent.appendCanonical(node, bytes, to: &output)
        case .array: appendArray(index, to: &output)
        case .object: appendObject(index, to: &output)
        }
    }

    private func appendArray(_ index: Int, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        tape.forEachElement(of: index) { position, element in
            if position > 0 { output.append(UInt8(ascii: ",")) }
            append(element, to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private func appendObject(_ index: Int, to output: inout [UInt8]) {
        var members: [(name: [UInt8], value: Int)] = []
        tape.forEachMember(of: index) { name, value in
            members.append((JSONContent.bytes(tape.nodes[name], bytes), value))
        }
        members.sort { $0.name.lexicographicallyPrecedes($1.name) }
        output.append(UInt8(ascii: "{"))
        for (position, member) in members.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            JSONContent.appendQuoted(member.name, to: &output)
            output.append(UInt8(ascii: ":"))
            append(member.value, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }
}
