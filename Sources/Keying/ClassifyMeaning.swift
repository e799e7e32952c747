import Vocabulary

/// What the members of a classify body say, and the canonical form that follows from it.
///
/// Members that the vendor's page does not list are kept as they are, at any depth, and are part of the key.
struct ClassifyMeaning {
    private static let topNames: [StaticString] = [
        "document_id", "classification_schema", "page_range", "query_model",
    ]
    private static let categoryNames: [StaticString] = ["label", "description"]
    private static let defaultModel = "gpt-4o-mini"

    let form: CanonicalForm
    let schemaOrder: SchemaOrder

    private var nodes: [JSONTape.Node] { form.tape.nodes }
    private var bytes: UnsafeBufferPointer<UInt8> { form.bytes }

    /// Where the known members' values stand, and what they say.
    private struct Members {
        var document: Int?
        var schema: Int?
        var pages: Int?
        var model: Int?
        var hasOthers = false
    }

    /// - Parameters:
    ///   - categories: memory for them.
    ///   - output: memory for the canonical form.
    func read(
        _ categories: inout CategoryList,
        writing output: inout ByteWriter
    ) throws(KeyingFault) -> ClassifyRequest {
        guard nodes[0].kind == .object else { throw KeyingFault(notAnObject: ()) }
        let members = try findMembers()
        let document = try checkDocument(members.document)
        try readSchema(members.schema, into: &categories)
        let pages = try readPages(members.pages)
        let model = try readModel(members.model)
        output.removeAll()
        let documentRange = write(members, document, categories, pages, model, to: &output)
        return ClassifyRequest(documentRange: documentRange, pages: pages, model: model, canonical: output.bytes)
    }

    // MARK: Members

    private func findMembers() throws(KeyingFault) -> Members {
        var members = Members()
        try form.tape.forEachMember(of: 0) { (name, value) throws(KeyingFault) in
            switch try known(name, Self.topNames, "") {
            case 0: members.document = value
            case 1: members.schema = value
            case 2: members.pages = value
            case 3: members.model = value
            default: members.hasOthers = true
            }
        }
        return members
    }

    /// Which of the known names this is. A name that differs from one only in letter case would be ignored by one
    /// reader and taken by another, so it is refused.
    private func known(_ name: Int, _ names: [StaticString], _ path: String) throws(KeyingFault) -> Int? {
        let node = nodes[name]
        for index in names.indices where JSONContent.equals(node, names[index], bytes) { return index }
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

    /// The 36 bytes of the UUID, in lower case.
    private func checkDocument(_ index: Int?) throws(KeyingFault) -> [UInt8] {
        guard let index else { throw KeyingFault("document_id", "is missing; give the document's UUID") }
        guard nodes[index].kind == .string else {
            throw KeyingFault("document_id", "must be a string with a UUID")
        }
        guard let document = DocumentID.canonical(JSONContent.bytes(nodes[index], bytes)) else {
            throw KeyingFault("document_id", "must be a UUID like 0b13c9f2-5148-4ffb-bb7b-de03bb071ca8")
        }
        return document
    }

    private func readPages(_ index: Int?) throws(KeyingFault) -> PageSet? {
        guard let index, nodes[index].kind != .null else { return nil }
        guard nodes[index].kind == .string else {
            throw KeyingFault("page_range", "must be a string like \"1-3\" or \"1,3,5\"; leave it out for all pages")
        }
        do throws(PageSet.Fault) {
            return try PageSet.parse(JSONContent.bytes(nodes[index], bytes))
        } catch {
            throw KeyingFault("page_range", error.reason)
        }
    }

    private func readModel(_ index: Int?) throws(KeyingFault) -> String {
        guard let index, nodes[index].kind != .null else { return Self.defaultModel }
        guard nodes[index].kind == .string, !nodes[index].range.isEmpty else {
            throw KeyingFault("query_model", "must be a model's name; leave it out for gpt-4o-mini")
        }
        return String(decoding: JSONContent.bytes(nodes[index], bytes), as: UTF8.self)
    }

    // MARK: Categories

    private func readSchema(_ index: Int?, into categories: inout CategoryList) throws(KeyingFault) {
        guard let index else { throw KeyingFault("classification_schema", "is missing; give 2 or more categories") }
        guard nodes[index].kind == .array else { throw KeyingFault("classification_schema", "must be an array") }
        guard nodes[index].count >= 2 else {
            throw KeyingFault("classification_schema", "must have 2 or more categories")
        }
        categories.removeAll()
        var element = index + 1
        for position in 0..<Int(nodes[index].count) {
            try readCategory(element, position, into: &categories)
            element = Int(nodes[element].next)
        }
        if let position = categories.firstDuplicate() {
            throw KeyingFault("classification_schema[\(position)].label", "stands twice; labels must differ")
        }
        if schemaOrder == .insignificant { categories.sortByLabel() }
    }

    private func readCategory(
        _ object: Int,
        _ position: Int,
        into categories: inout CategoryList
    ) throws(KeyingFault) {
        func fault(_ member: String, _ what: String) -> KeyingFault {
            KeyingFault("classification_schema[\(position)]\(member)", what)
        }
        guard nodes[object].kind == .object else { throw fault("", "must be an object with label and description") }
        var found: (label: Int?, description: Int?)
        var isPlain = true
        var name = object + 1
        for _ in 0..<nodes[object].count {
            switch try knownInCategory(name, position) {
            case 0: found.label = name + 1
            case 1: found.description = name + 1
            default: isPlain = false
            }
            name = Int(nodes[name + 1].next)
        }
        guard let label = found.label, nodes[label].kind == .string, !nodes[label].range.isEmpty else {
            throw fault(".label", "must be a string that is not empty")
        }
        guard let description = found.description, nodes[description].kind == .string else {
            throw fault(".description", "must be a string")
        }
        categories.append(object: object, label: label, description: description, isPlain: isPlain, form)
    }

    /// The path is made only where it is needed.
    private func knownInCategory(_ name: Int, _ position: Int) throws(KeyingFault) -> Int? {
        let node = nodes[name]
        for index in Self.categoryNames.indices where JSONContent.equals(node, Self.categoryNames[index], bytes) {
            return index
        }
        return try known(name, Self.categoryNames, "classification_schema[\(position)].")
    }

    // MARK: Writing

    /// Writes the canonical form, and says where in it the document's UUID stands.
    private func write(
        _ members: Members,
        _ document: [UInt8],
        _ categories: borrowing CategoryList,
        _ pages: PageSet?,
        _ model: String,
        to output: inout ByteWriter
    ) -> Range<Int> {
        var documentRange = 0..<0
        output.append(UInt8(ascii: "{"))
        for name in memberNames(members, hasPages: pages != nil) {
            if output.count > 1 { output.append(UInt8(ascii: ",")) }
            switch name {
            case .schema:
                output.append("\"classification_schema\":")
                write(categories, to: &output)
            case .document:
                output.append("\"document_id\":\"")
                documentRange = output.count..<(output.count + document.count)
                output.append(document)
                output.append(UInt8(ascii: "\""))
            case .pages:
                output.append("\"page_range\":\"")
                output.append(pages?.text ?? "")
                output.append(UInt8(ascii: "\""))
            case .model:
                output.append("\"query_model\":")
                JSONContent.appendQuoted(model, to: &output)
            case .other(let name, let value):
                JSONContent.appendQuoted(name, to: &output)
                output.append(UInt8(ascii: ":"))
                form.append(value, to: &output)
            }
        }
        output.append(UInt8(ascii: "}"))
        return documentRange
    }

    private enum MemberName {
        case schema, document, pages, model
        case other(name: [UInt8], value: Int)
    }

    /// What the canonical form's members are, in the order of their names' bytes.
    private func memberNames(_ members: Members, hasPages: Bool) -> [MemberName] {
        let known: [MemberName] = hasPages ? [.schema, .document, .pages, .model] : [.schema, .document, .model]
        guard members.hasOthers else { return known }
        let knownValues = [members.document, members.schema, members.pages, members.model]
        var all: [(name: [UInt8], member: MemberName)] = known.map { member in
            switch member {
            case .schema: (Array("classification_schema".utf8), member)
            case .document: (Array("document_id".utf8), member)
            case .pages: (Array("page_range".utf8), member)
            case .model: (Array("query_model".utf8), member)
            case .other(let name, _): (name, member)
            }
        }
        form.tape.forEachMember(of: 0) { name, value in
            if knownValues.contains(value) { return }
            let name = JSONContent.bytes(nodes[name], bytes)
            all.append((name, .other(name: name, value: value)))
        }
        return all.sorted { $0.name.lexicographicallyPrecedes($1.name) }.map(\.member)
    }

    private func write(_ categories: borrowing CategoryList, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "["))
        for position in categories.categories.indices {
            let category = categories.categories[position]
            if position > 0 { output.append(UInt8(ascii: ",")) }
            if category.isPlain {
                output.append("{\"description\":")
                JSONContent.appendCanonical(nodes[category.description], bytes, to: &output)
                output.append(",\"label\":")
                JSONContent.appendCanonical(nodes[category.label], bytes, to: &output)
                output.append(UInt8(ascii: "}"))
            } else {
                form.append(category.object, to: &output)
            }
        }
        output.append(UInt8(ascii: "]"))
    }
}
