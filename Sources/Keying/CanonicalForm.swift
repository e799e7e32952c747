import JSON
import Vocabulary

/// The canonical spelling of a JSON value: no white space, members in the byte order of their names, as few escapes as
/// possible, numbers as written (1.0 is not 1: a reader may tell them apart).
///
/// Lives inside the call that lends `bytes`, from which the tape was made; so the ranges of its nodes lie in them.
@safe
struct CanonicalForm {
    let tape: JSONTape
    let bytes: UnsafeBufferPointer<UInt8>

    /// Appends the value at `index`. Recurses to the nesting depth of the text, which the reader bounds.
    func append(_ index: Int, to output: inout ByteWriter) {
        let node = unsafe tape.nodes[index]
        if node.isCanonical { return unsafe output.append(UnsafeBufferPointer(rebasing: bytes[node.wholeRange])) }
        switch node.kind {
        case .string: unsafe JSONContent.appendCanonical(node, bytes, to: &output)
        case .array: appendArray(index, to: &output)
        case .object: appendObject(index, to: &output)
        case .number, .yes, .no, .null: preconditionFailure("a \(node.kind) that is not canonical")
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
        tape.forEachNameInOrder(of: index) { name in
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            appendMember(name, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    /// Appends a member; its value follows its name on the tape.
    func appendMember(_ name: Int, to output: inout ByteWriter) {
        let (key, value) = unsafe (tape.nodes[name], tape.nodes[name + 1])
        // One copy if only a colon separates the two.
        if key.isCanonical, value.isCanonical, value.wholeRange.lowerBound == key.wholeRange.upperBound + 1 {
            let range = key.wholeRange.lowerBound..<value.wholeRange.upperBound
            return unsafe output.append(UnsafeBufferPointer(rebasing: bytes[range]))
        }
        unsafe JSONContent.appendCanonical(key, bytes, to: &output)
        output.append(UInt8(ascii: ":"))
        append(name + 1, to: &output)
    }
}
