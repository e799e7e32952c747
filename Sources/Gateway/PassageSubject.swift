import Authentication
import HTTPMessages
import JSON
import Keying

/// What a request that is passed through is about, as far as the gateway can see: a document and a model. Pure.
///
/// The vendor's own reading counts. This one is for the ledger, and for the models that a team may use.
struct PassageSubject: Equatable {
    /// A UUID in lower case; empty if none is named.
    private(set) var documentID = ""
    private(set) var models: [String] = []

    /// What the target names.
    init(_ head: borrowing RequestHead, in bytes: Span<UInt8>) {
        let path = bytes.extracting(head.path.indices)
        let segments = path.withUnsafeBufferPointer { Array($0) }.split(separator: UInt8(ascii: "/")).map(Array.init)
        for (name, value) in zip(segments, segments.dropFirst()) where name == Array("documents".utf8) {
            note(document: value)
        }
        guard let query = head.query else { return }
        for member in QueryDecoder.members(bytes.extracting(query.indices)) ?? [] {
            switch member.name {
            case "document_id": note(document: Array(member.value.utf8))
            case "query_model": models.append(member.value)
            default: break
            }
        }
    }

    /// Adds what the content names, if it is a JSON object.
    ///
    /// - Parameter team: if it may use certain models only, content that cannot be read is refused.
    mutating func read(_ content: [UInt8], isJSON: Bool, of team: Team) throws(ErrorReply) {
        let isObject = content.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
        guard isJSON || isObject, !content.isEmpty else { return }
        let value: JSONValue
        do throws(JSONFault) { value = try JSONValue.parse(content.span) } catch {
            guard team.limits.models != nil else { return }
            throw .jsonNotReadable(team)
        }
        if case .string(let document)? = value["document_id"] { note(document: Array(document.utf8)) }
        switch value["query_model"] {
        case nil, .null: break
        case .string(let model): models.append(model)
        default: if team.limits.models != nil { throw .jsonNotReadable(team) }
        }
    }

    private mutating func note(document text: [UInt8]) {
        guard documentID.isEmpty, let canonical = DocumentID.canonical(text) else { return }
        documentID = String(decoding: canonical, as: UTF8.self)
    }
}
