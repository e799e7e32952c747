import Glibc
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
        case .array where node.isCanonical, .object where node.isCanonical:
            output.append(UnsafeBufferPointer(rebasing: bytes[node.range]))
        case .array: appendArray(index, to: &output)
        case .object: appendObject(index, to: &output)
        }
    }

    private func appendArray(_ index: Int, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "["))
        tape.forEachElement(of: index) { position, element in
            if position > 0 { output.append(UInt8(ascii: ",")) }
            append(element, to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private func appendObject(_ index: Int, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        forEachMemberByName(of: index) { name in
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            appendMember(name, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    /// Appends a member, whose value stands behind its name.
    func appendMember(_ name: Int, to output: inout ByteWriter) {
        JSONContent.appendCanonical(tape.nodes[name], bytes, to: &output)
        output.append(UInt8(ascii: ":"))
        append(name + 1, to: &output)
    }

    /// Calls `body` with the name's index of each member of an object, in the order of the names' bytes.
    func forEachMemberByName(of object: Int, _ body: (_ name: Int) -> Void) {
        let node = tape.nodes[object]
        if node.isOrdered {
            for place in node.range { body(Int(tape.order[place])) }
            return
        }
        // These are few, and as they stand in the text: the reader has ordered all others.
        var names = InlineArray<12, (word: UInt64, name: Int)>(repeating: (0, 0))
        var count = 0
        tape.forEachMember(of: object) { name, _ in
            let word = tape.nodes[name].word(bytes)
            var place = count
            while place > 0, !precedes(names[place - 1], (word, name)) {
                names[place] = names[place - 1]
                place -= 1
            }
            names[place] = (word, name)
            count += 1
        }
        for place in 0..<count { body(names[place].name) }
    }

    @inline(__always)
    private func precedes(_ one: (word: UInt64, name: Int), _ other: (word: UInt64, name: Int)) -> Bool {
        if one.word != other.word { return one.word < other.word }
        let (left, right) = (tape.nodes[one.name].range, tape.nodes[other.name].range)
        let base = bytes.baseAddress!
        let result = memcmp(base + left.lowerBound, base + right.lowerBound, min(left.count, right.count))
        return result == 0 ? left.count < right.count : result < 0
    }
}
