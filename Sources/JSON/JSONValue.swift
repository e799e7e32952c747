/// A JSON text as a tree, for texts that are read once: configuration, replies. Numbers keep their text.
public indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In document order; names are unique.
    case object([(name: String, value: JSONValue)])

    /// Reads `bytes` as strictly as a request.
    public static func parse(_ bytes: Span<UInt8>, depthMax: Int = 64) throws(JSONFault) -> JSONValue {
        try JSONValue(reading: bytes, depthMax: depthMax)
    }

    private init(reading bytes: Span<UInt8>, depthMax: Int) throws(JSONFault) {
        let result = unsafe bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONFault> in
            var reader = StrictJSON(depthMax: depthMax)
            do throws(JSONFault) { try unsafe reader.read(buffer) } catch { return .failure(error) }
            return unsafe .success(TreeBuilder(tape: reader.tape, bytes: buffer).value(0))
        }
        self = try result.get()
    }

    /// The member of this name; nil when this is not an object or has no such member.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}

/// Makes a tree from a tape, whose depth is bounded.
/// Lives inside the closure that lends `bytes`.
@safe
private struct TreeBuilder {
    let tape: JSONTape
    let bytes: UnsafeBufferPointer<UInt8>

    func value(_ index: Int) -> JSONValue {
        let node = unsafe tape.nodes[index]
        switch node.kind {
        case .null: return .null
        case .yes: return .bool(true)
        case .no: return .bool(false)
        case .number: return unsafe .number(String(decoding: bytes[node.range], as: UTF8.self))
        case .string: return .string(text(index))
        case .array:
            var elements: [JSONValue] = []
            tape.forEachElement(of: index) { _, element in elements.append(value(element)) }
            return .array(elements)
        case .object:
            var members: [(name: String, value: JSONValue)] = []
            tape.forEachMember(of: index) { name, member in members.append((text(name), value(member))) }
            return .object(members)
        }
    }

    private func text(_ index: Int) -> String {
        unsafe String(decoding: JSONContent.bytes(tape.nodes[index], bytes), as: UTF8.self)
    }
}
