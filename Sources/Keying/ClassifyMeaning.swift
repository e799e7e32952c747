/// What the members of a classify body say, and the canonical form that follows from it.
///
/// Members that the vendor's page does not list are kept as they are, at any depth, and are part of the key.
struct ClassifyMeaning {
    private static let topNames: [StaticString] = [
        "document_id", "classification_schema", "page_range", "query_model",
    ]
    private static let categoryNames: [StaticString] = ["label", "description"]

    let tape: JSONTape
    let bytes: UnsafeBufferPointer<UInt8>
    let schemaOrder: SchemaOrder

    func read() throws(KeyingFault) -> ClassifyRequest {
        guard tape.nodes[0].kind == .object else { throw KeyingFault(notAnObject: ()) }
        var found: [Int?] = [nil, nil, nil, nil]
        var members: [Member] = []
        try tape.forEachMember(of: 0) { (name, value) throws(KeyingFault) in
            if let index = try known(name, Self.topNames, "") {
                found[index] = value
            } else {
                members.append(other(name, value))
            }
        }
        let document = try readDocument(found[0])
        let categories = try readSchema(found[1])
        let pages = try readPages(found[2])
        let model = try readModel(found[3])
        members.append(Member(name: Array("document_id".utf8), json: quoted(document)))
        members.append(Member(name: Array("classification_schema".utf8), json: list(categories.map(\.json))))
        if let pages { members.append(Member(name: Array("page_range".utf8), json: quoted(Array(pages.text.utf8)))) }
        members.append(Member(name: Array("query_model".utf8), json: model.json))
        return ClassifyRequest(
            documentID: String(decoding: document, as: UTF8.self),
            labels: categories.map(\.label),
            pages: pages,
            model: String(decoding: model.text, as: UTF8.self),
            canonical: object(members)
        )
    }

    // MARK: Members

    /// A member with its value in canonical form.
    private struct Member {
        let name: [UInt8]
        let json: [UInt8]
    }

    /// Which of the known names this is. A name that differs from one only in letter case would be ignored by one
    /// reader and taken by another, so it is refused.
    private func known(_ name: Int, _ names: [StaticString], _ path: String) throws(KeyingFault) -> Int? {
        let node = tape.nodes[name]
        for (index, known) in names.enumerated() where JSONContent.equals(node, known, bytes) { return index }
        // Readers that fold letter case fold more than ASCII: U+017F is an s to them, and U+212A a k.
        let folded = String(decoding: JSONContent.bytes(node, bytes), as: UTF8.self).unicodeScalars.map(Self.folded)
        for known in names where known.description.unicodeScalars.elementsEqual(folded) {
            throw KeyingFault("\(path)\(spelling(node))", "is \(known) in other letter case; write \(known)")
        }
        return nil
    }

    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "A"..."Z": Unicode.Scalar(UInt8(scalar.value) | 0x20)
        case "\u{17F}": "s"
        case "\u{212A}": "k"
        default: scalar
        }
    }

    /// The name as it was sent: that it is a known one but for letter case makes it fit to be shown.
    private func spelling(_ name: JSONTape.Node) -> String {
        String(decoding: JSONContent.bytes(name, bytes), as: UTF8.self)
    }

    private func other(_ name: Int, _ value: Int) -> Member {
        Member(
            name: JSONContent.bytes(tape.nodes[name], bytes),
            json: CanonicalForm(tape: tape, bytes: bytes).json(of: value)
        )
    }

    private func readDocument(_ index: Int?) throws(KeyingFault) -> [UInt8] {
        guard let index else { throw KeyingFault("document_id", "is missing; give the document's UUID") }
        guard tape.nodes[index].kind == .string else {
            throw KeyingFault("document_id", "must be a string with a UUID")
        }
        guard let document = DocumentID.canonical(JSONContent.bytes(tape.nodes[index], bytes)) else {
            throw KeyingFault("document_id", "must be a UUID like 0b13c9f2-5148-4ffb-bb7b-de03bb071ca8")
        }
        return document
    }

    private func readPages(_ index: Int?) throws(KeyingFault) -> PageSet? {
        guard let index, tape.nodes[index].kind != .null else { return nil }
        guard tape.nodes[index].kind == .string else {
            throw KeyingFault("page_range", "must be a string like \"1-3\" or \"1,3,5\"; leave it out for all pages")
        }
        do throws(PageSet.Fault) {
            return try PageSet.parse(JSONContent.bytes(tape.nodes[index], bytes))
        } catch {
            throw KeyingFault("page_range", error.reason)
        }
    }

    private func readModel(_ index: Int?) throws(KeyingFault) -> (text: [UInt8], json: [UInt8]) {
        guard let index, tape.nodes[index].kind != .null else {
            let model = Array("gpt-4o-mini".utf8)
            return (model, quoted(model))
        }
        let node = tape.nodes[index]
        guard node.kind == .string, !node.range.isEmpty else {
            throw KeyingFault("query_model", "must be a model's name; leave it out for gpt-4o-mini")
        }
        var json: [UInt8] = []
        JSONContent.appendCanonical(node, bytes, to: &json)
        return (JSONContent.bytes(node, bytes), json)
    }

    // MARK: Categories

    private struct Category {
        let label: [UInt8]
        let json: [UInt8]
    }

    private func readSchema(_ index: Int?) throws(KeyingFault) -> [Category] {
        guard let index else { throw KeyingFault("classification_schema", "is missing; give 2 or more categories") }
        guard tape.nodes[index].kind == .array else { throw KeyingFault("classification_schema", "must be an array") }
        guard tape.nodes[index].count >= 2 else {
            throw KeyingFault("classification_schema", "must have 2 or more categories")
        }
        var categories: [Category] = []
        categories.reserveCapacity(Int(tape.nodes[index].count))
        var labels = Set<[UInt8]>()
        try tape.forEachElement(of: index) { (position, element) throws(KeyingFault) in
            let category = try readCategory(element, "classification_schema[\(position)]")
            guard labels.insert(category.label).inserted else {
                throw KeyingFault("classification_schema[\(position)].label", "stands twice; labels must differ")
            }
            categories.append(category)
        }
        if schemaOrder == .insignificant { categories.sort { $0.label.lexicographicallyPrecedes($1.label) } }
        return categories
    }

    private func readCategory(_ index: Int, _ path: String) throws(KeyingFault) -> Category {
        guard tape.nodes[index].kind == .object else {
            throw KeyingFault(path, "must be an object with label and description")
        }
        var found: [Int?] = [nil, nil]
        var members: [Member] = []
        try tape.forEachMember(of: index) { (name, value) throws(KeyingFault) in
            if let index = try known(name, Self.categoryNames, path + ".") { found[index] = value }
            members.append(other(name, value))
        }
        guard let label = found[0], tape.nodes[label].kind == .string, !tape.nodes[label].range.isEmpty else {
            throw KeyingFault(path + ".label", "must be a string that is not empty")
        }
        guard let description = found[1], tape.nodes[description].kind == .string else {
            throw KeyingFault(path + ".description", "must be a string")
        }
        return Category(label: JSONContent.bytes(tape.nodes[label], bytes), json: object(members))
    }

    // MARK: Writing

    private func quoted(_ plain: [UInt8]) -> [UInt8] { [UInt8(ascii: "\"")] + plain + [UInt8(ascii: "\"")] }

    private func list(_ elements: [[UInt8]]) -> [UInt8] {
        [UInt8(ascii: "[")] + elements.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    }

    private func object(_ members: [Member]) -> [UInt8] {
        var json: [UInt8] = [UInt8(ascii: "{")]
        for member in members.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
            if json.count > 1 { json.append(UInt8(ascii: ",")) }
            JSONContent.appendQuoted(member.name, to: &json)
            json.append(UInt8(ascii: ":"))
            json.append(contentsOf: member.json)
        }
        json.append(UInt8(ascii: "}"))
        return json
    }
}
