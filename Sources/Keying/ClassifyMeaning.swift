import JSON
import Vocabulary

/// The meaning of a classify body's members, and the canonical form made from it.
///
/// Members that the vendor's page does not list are kept unchanged, at any depth, and are part of the key.
struct ClassifyMeaning {
    private static let defaultModel = "gpt-4o-mini"

    let form: CanonicalForm
    let schemaOrder: SchemaOrder
    /// The saved classifier that is asked. The vendor has its schema, so `classification_schema` is no known member
    /// then.
    let classifier: SavedClassifier?

    private var nodes: UnsafeMutableBufferPointer<JSONTape.Node> { unsafe form.tape.nodes }
    private var bytes: UnsafeBufferPointer<UInt8> { unsafe form.bytes }

    /// The known members. Within one object no two of them start with the same letter.
    private enum KnownMember {
        case document, schema, pages, model
        case label, description

        /// The member of a body whose name starts with this letter, in either case.
        @inline(__always)
        static func ofBody(_ first: UInt8, hasSchema: Bool) -> KnownMember? {
            switch first | 0x20 {
            case UInt8(ascii: "c"): hasSchema ? .schema : nil
            case UInt8(ascii: "d"): .document
            case UInt8(ascii: "p"): .pages
            case UInt8(ascii: "q"): .model
            default: nil
            }
        }

        /// The member of a category whose name starts with this letter, in either case.
        @inline(__always)
        static func ofCategory(_ first: UInt8) -> KnownMember? {
            switch first | 0x20 {
            case UInt8(ascii: "d"): .description
            case UInt8(ascii: "l"): .label
            default: nil
            }
        }

        var name: StaticString {
            switch self {
            case .document: "document_id"
            case .schema: "classification_schema"
            case .pages: "page_range"
            case .model: "query_model"
            case .label: "label"
            case .description: "description"
            }
        }
    }

    /// The nodes of the known members' values.
    private struct Members {
        var document: Int?
        var schema: Int?
        var pages: Int?
        var model: Int?
        var hasOthers = false
    }

    /// - Parameters:
    ///   - categories: reusable memory for the categories.
    ///   - output: reusable memory for the canonical form.
    func read(
        _ categories: inout CategoryList,
        writing output: inout ByteWriter
    ) throws(KeyingFault) -> ClassifyRequest {
        guard unsafe nodes[0].kind == .object else { throw KeyingFault(notAnObject: ()) }
        let members = try findMembers()
        let document = try checkDocument(members.document)
        if classifier == nil { try readSchema(members.schema, into: &categories) }
        let pages = try readPages(members.pages)
        let model = try readModel(members.model)
        output.removeAll()
        let places = write(members, document, categories, pages, model, to: &output)
        return ClassifyRequest(
            places: places,
            pages: pages,
            model: model,
            canonical: output.bytes,
            classifier: classifier
        )
    }

    // MARK: Members

    private func findMembers() throws(KeyingFault) -> Members {
        var members = Members()
        let hasSchema = classifier == nil
        try form.tape.forEachMember(of: 0) { (name, value) throws(KeyingFault) in
            switch try known(name, { KnownMember.ofBody($0, hasSchema: hasSchema) }, "") {
            case .document: members.document = value
            case .schema: members.schema = value
            case .pages: members.pages = value
            case .model: members.model = value
            case .label, .description, nil: members.hasOthers = true
            }
        }
        return members
    }

    /// Which of the known members has this name. A name that differs from a known one only in letter case would be
    /// ignored by one reader and taken by another, so it is refused.
    @inline(__always)
    private func known(
        _ name: Int,
        _ candidate: (_ first: UInt8) -> KnownMember?,
        _ path: @autoclosure () -> String
    ) throws(KeyingFault) -> KnownMember? {
        let node = unsafe nodes[name]
        // No letter beyond ASCII folds to the first letter of a known name.
        guard let first = firstByte(node), let member = candidate(first) else { return nil }
        if unsafe JSONContent.equals(node, member.name, bytes) { return member }
        guard isFolded(node, member.name) else { return nil }
        throw KeyingFault("\(path())\(spelling(node))", "is \(member.name) in other letter case; write \(member.name)")
    }

    /// The first byte of the unescaped name; nil when the name is empty.
    @inline(__always)
    private func firstByte(_ node: JSONTape.Node) -> UInt8? {
        if node.range.isEmpty { return nil }
        let first = unsafe bytes[Int(node.start)]
        if first != UInt8(ascii: "\\") { return first }
        var content = unsafe JSONContent.Reader(node, bytes)
        return content.next()
    }

    /// Whether the name equals the known one up to letter case. Readers that fold case fold more than ASCII: U+017F is
    /// an s to them, and U+212A a k.
    private func isFolded(_ node: JSONTape.Node, _ known: StaticString) -> Bool {
        if node.hasEscapes {
            var content = unsafe JSONContent.Reader(node, bytes)
            return isFolded(known) { content.next() }
        }
        var index = Int(node.start)
        return isFolded(known) {
            guard index < Int(node.end) else { return nil }
            defer { index &+= 1 }
            return unsafe bytes[index]
        }
    }

    @inline(__always)
    private func isFolded(_ known: StaticString, _ next: () -> UInt8?) -> Bool {
        for index in 0..<known.utf8CodeUnitCount {
            let letter: UInt8
            switch next() {
            case let byte? where (0x41...0x5A).contains(byte): letter = byte | 0x20
            case 0xC5: letter = next() == 0xBF ? UInt8(ascii: "s") : 0
            case 0xE2: letter = next() == 0x84 && next() == 0xAA ? UInt8(ascii: "k") : 0
            case let byte?: letter = byte
            case nil: return false
            }
            if unsafe letter != known.utf8Start[index] { return false }
        }
        return next() == nil
    }

    /// The name as it was sent. It is safe to show, since it is a known name up to letter case.
    private func spelling(_ name: JSONTape.Node) -> String {
        unsafe String(decoding: JSONContent.bytes(name, bytes), as: UTF8.self)
    }

    /// The 36 bytes of the UUID, in lower case.
    private func checkDocument(_ index: Int?) throws(KeyingFault) -> [UInt8] {
        guard let index else { throw KeyingFault("document_id", "is missing; give the document's UUID") }
        guard unsafe nodes[index].kind == .string else {
            throw KeyingFault("document_id", "must be a string with a UUID")
        }
        guard let document = unsafe DocumentID.canonical(JSONContent.bytes(nodes[index], bytes)) else {
            throw KeyingFault("document_id", "must be a UUID like 0b13c9f2-5148-4ffb-bb7b-de03bb071ca8")
        }
        return document
    }

    private func readPages(_ index: Int?) throws(KeyingFault) -> PageSet? {
        guard let index, unsafe nodes[index].kind != .null else { return nil }
        guard unsafe nodes[index].kind == .string else {
            throw KeyingFault("page_range", "must be a string like \"1-3\" or \"1,3,5\"; leave it out for all pages")
        }
        do throws(PageSet.Fault) {
            return try unsafe PageSet.parse(JSONContent.bytes(nodes[index], bytes))
        } catch {
            throw KeyingFault("page_range", error.reason)
        }
    }

    private func readModel(_ index: Int?) throws(KeyingFault) -> String {
        guard let index, unsafe nodes[index].kind != .null else { return Self.defaultModel }
        guard unsafe nodes[index].kind == .string, unsafe !nodes[index].range.isEmpty else {
            throw KeyingFault("query_model", "must be a model's name; leave it out for gpt-4o-mini")
        }
        return unsafe String(decoding: JSONContent.bytes(nodes[index], bytes), as: UTF8.self)
    }

    // MARK: Categories

    private func readSchema(_ index: Int?, into categories: inout CategoryList) throws(KeyingFault) {
        guard let index else { throw KeyingFault("classification_schema", "is missing; give 2 or more categories") }
        guard unsafe nodes[index].kind == .array else { throw KeyingFault("classification_schema", "must be an array") }
        guard form.tape.hasSeveral(index) else {
            throw KeyingFault("classification_schema", "must have 2 or more categories")
        }
        categories.removeAll()
        var position = 0
        var element = index + 1
        while unsafe element < Int(nodes[index].next) {
            try readCategory(element, position, into: &categories)
            position += 1
            element = unsafe Int(nodes[element].next)
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
        guard unsafe nodes[object].kind == .object else {
            throw fault("", "must be an object with label and description")
        }
        var found: (label: Int?, description: Int?)
        var isPlain = true
        var name = object + 1
        while unsafe name < Int(nodes[object].next) {
            switch try known(name, KnownMember.ofCategory, "classification_schema[\(position)].") {
            case .label: found.label = name + 1
            case .description: found.description = name + 1
            case .document, .schema, .pages, .model, nil: isPlain = false
            }
            name = unsafe Int(nodes[name + 1].next)
        }
        guard let label = found.label, unsafe nodes[label].kind == .string, unsafe !nodes[label].range.isEmpty else {
            throw fault(".label", "must be a string that is not empty")
        }
        guard let description = found.description, unsafe nodes[description].kind == .string else {
            throw fault(".description", "must be a string")
        }
        categories.append(object: object, label: label, description: description, isPlain: isPlain, form)
    }

    // MARK: Writing

    /// Writes the canonical form; returns where its members are in it.
    private func write(
        _ members: Members,
        _ document: [UInt8],
        _ categories: borrowing CategoryList,
        _ pages: PageSet?,
        _ model: String,
        to output: inout ByteWriter
    ) -> ClassifyRequest.Places {
        var places = ClassifyRequest.Places()
        output.append(UInt8(ascii: "{"))
        forEachMember(members, hasPages: pages != nil) { member in
            if output.count > 1 { output.append(UInt8(ascii: ",")) }
            switch member {
            case .schema:
                output.append("\"classification_schema\":")
                let start = output.count
                write(categories, to: &output)
                places.schema = start..<output.count
            case .document:
                output.append("\"document_id\":\"")
                places.document = output.count..<(output.count + document.count)
                output.append(document)
                output.append(UInt8(ascii: "\""))
            case .pages:
                output.append("\"page_range\":\"")
                output.append(pages?.text ?? "")
                output.append(UInt8(ascii: "\""))
            case .model:
                output.append("\"query_model\":")
                JSONContent.appendQuoted(model, to: &output)
            case .other(let name):
                let start = output.count
                form.appendMember(name, to: &output)
                places.others.append(start..<output.count)
            }
        }
        output.append(UInt8(ascii: "}"))
        return places
    }

    private enum Member {
        case schema, document, pages, model
        case other(name: Int)
    }

    /// Calls `body` with each member of the canonical form, in the byte order of their names.
    private func forEachMember(_ members: Members, hasPages: Bool, _ body: (Member) -> Void) {
        guard members.hasOthers else {
            if classifier == nil { body(.schema) }
            body(.document)
            if hasPages { body(.pages) }
            return body(.model)
        }
        // The model is the only member that is written even if the body lacks it.
        var lacksModel = members.model == nil
        form.tape.forEachNameInOrder(of: 0) { name in
            if lacksModel, unsafe JSONContent.compare(nodes[name], "query_model", bytes) > 0 {
                lacksModel = false
                body(.model)
            }
            switch name + 1 {
            case members.schema: body(.schema)
            case members.document: body(.document)
            case members.pages: if hasPages { body(.pages) }
            case members.model: body(.model)
            default: body(.other(name: name))
            }
        }
        if lacksModel { body(.model) }
    }

    private func write(_ categories: borrowing CategoryList, to output: inout ByteWriter) {
        output.append(UInt8(ascii: "["))
        for position in categories.categories.indices {
            let category = categories.categories[position]
            if position > 0 { output.append(UInt8(ascii: ",")) }
            if category.isPlain {
                output.append("{\"description\":")
                unsafe JSONContent.appendCanonical(nodes[category.description], bytes, to: &output)
                output.append(",\"label\":")
                unsafe JSONContent.appendCanonical(nodes[category.label], bytes, to: &output)
                output.append(UInt8(ascii: "}"))
            } else {
                form.append(category.object, to: &output)
            }
        }
        output.append(UInt8(ascii: "]"))
    }
}
