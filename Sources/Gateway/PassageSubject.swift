import Authentication
import HTTPMessages
import JSON
import Keying

/// What a request that is passed through is about, as far as the gateway can see: documents and models. Pure.
///
/// The vendor's own reading counts. This one is for the ledger, for the models that a team may use, and for what is
/// stored about documents that the request may change. So where readers may differ, it names what any of them would
/// find.
struct PassageSubject: Equatable {
    /// The most documents that a request may change.
    static let changedMax = 100

    /// In the order of path, query and content: UUIDs in lower case, no two alike.
    private(set) var documents: [String] = []
    private var seen: Set<String> = []
    private(set) var models: [String] = []
    /// Whether it may process its documents again or delete them: all do but the classify call of a saved classifier.
    private(set) var mayChange = true

    /// What the target names.
    init(_ head: borrowing RequestHead, in bytes: Span<UInt8>) {
        let path = bytes.extracting(head.path.indices)
        var (rest, place, isClassify, isDocument) = (PathSegments(path), 0, true, false)
        while let range = rest.next(in: path) {
            let segment = path.extracting(range)
            if segment.isEmpty { continue }
            // The vendor may ignore what follows.
            if isDocument { note(document: segment.bytes(upTo: [UInt8(ascii: ";"), UInt8(ascii: "%")])) }
            isDocument = TokenList.equals(segment, "documents")
            isClassify = isClassify && Self.isClassify(segment, at: place)
            place += 1
        }
        mayChange = !(head.method == .post && isClassify && place == 4)
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
        var beginning = ObjectBeginning()
        guard !content.isEmpty, isJSON || beginning.mayBeObject(content) else { return }
        let value: JSONValue
        do throws(JSONFault) { value = try JSONValue.parse(content.span) } catch { throw .jsonNotReadable(team) }
        switch value["query_model"] {
        case nil, .null: break
        case .string(let model): models.append(model)
        default: throw .jsonNotReadable(team)
        }
    }

    /// Whether this is a segment of `/v1/classifiers/{id}/classify`.
    private static func isClassify(_ segment: Span<UInt8>, at place: Int) -> Bool {
        switch place {
        case 0: TokenList.equals(segment, "v1")
        case 1: TokenList.equals(segment, "classifiers")
        case 2: true
        case 3: TokenList.equals(segment, "classify")
        default: false
        }
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
