import Authentication
import HTTPMessages
import JSON
import Keying

/// What a request that is passed through is about, as far as the gateway can see: documents and models. Pure.
///
/// The vendor's own reading counts. This one is for the ledger, for the models that a team may use, and for what is stored
/// about documents that the request may change. So where readers may differ, it names what any of them would find.
struct PassageSubject: Equatable {
    /// The most documents that a request may change.
    static let changedMax = 100

    /// In the order of path, query and content: UUIDs in lower case, no two alike.
    private(set) var documents: [String] = []
    private var seen: Set<String> = []
    private(set) var models: [String] = []
    /// Whether it may process its documents again or delete them: all do but the classify call of a saved classifier.
    let mayChange: Bool

    /// What the target names.
    init(_ head: borrowing RequestHead, in bytes: Span<UInt8>) {
        let path = bytes.extracting(head.path.indices)
        let segments = path.withUnsafeBufferPointer { Array($0) }.split(separator: UInt8(ascii: "/"))
        let names = segments.map { String(decoding: $0, as: UTF8.self).lowercased() }
        mayChange = !(head.method == .post && Self.isClassify(names))
        for (name, value) in zip(names, segments.dropFirst()) where name == "documents" {
            // The vendor may ignore what follows.
            note(document: Array(value.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "%") }))
        }
        guard let query = head.query else { return }
        for member in QueryDecoder.readableMembers(bytes.extracting(query.indices)) {
            switch member.name {
            case "document_id": note(document: Array(member.value.utf8))
            case "query_model": models.append(member.value)
            default: break
            }
        }
    }

    /// The first document that it names; empty if it names none.
    var documentID: String { documents.first ?? "" }

    /// The documents about which nothing may stay that is stored now.
    var changed: [String] { mayChange ? documents : [] }

    /// Adds what the content names, if it is a JSON object.
    ///
    /// - Parameter team: if it may use certain models only, content that cannot be read is refused.
    mutating func read(_ content: [UInt8], isJSON: Bool, of team: Team) throws(ErrorReply) {
        for document in NamedDocuments.read(content.span) { note(document) }
        guard team.limits.models != nil else { return }
        let isObject = content.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
        guard isJSON || isObject, !content.isEmpty else { return }
        let value: JSONValue
        do throws(JSONFault) { value = try JSONValue.parse(content.span) } catch { throw .jsonNotReadable(team) }
        switch value["query_model"] {
        case nil, .null: break
        case .string(let model): models.append(model)
        default: throw .jsonNotReadable(team)
        }
    }

    /// `/v1/classifiers/{id}/classify`, with or without a slash at the end.
    private static func isClassify(_ names: [String]) -> Bool {
        names.count == 4 && names[0] == "v1" && names[1] == "classifiers" && names[3] == "classify"
    }

    private mutating func note(document text: [UInt8]) {
        guard let canonical = DocumentID.canonical(text) else { return }
        note(String(decoding: canonical, as: UTF8.self))
    }

    /// Of more documents than a request may change, it does not matter which.
    private mutating func note(_ document: String) {
        if documents.count <= Self.changedMax, seen.insert(document).inserted { documents.append(document) }
    }
}
