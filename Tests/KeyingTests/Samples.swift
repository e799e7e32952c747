import Cryptography
import JSON
import Vocabulary

@testable import Keying

let sampleDocument = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"
let sampleSchema = #"[{"label":"b","description":"B"},{"label":"a","description":"A"}]"#

/// The fault of a text read as a request is; nil when it is accepted.
func jsonFault(_ bytes: [UInt8]) -> JSONFault? {
    do throws(JSONFault) {
        _ = try JSONValue.parse(bytes.span)
        return nil
    } catch {
        return error
    }
}

func jsonFault(_ text: String) -> JSONFault? { jsonFault(Array(text.utf8)) }

/// The canonical form of an accepted text.
func canonicalForm(_ bytes: [UInt8]) throws(JSONFault) -> [UInt8] {
    var json = StrictJSON()
    return try bytes.withUnsafeBufferPointer { (buffer) throws(JSONFault) in
        try json.read(buffer)
        var output = ByteWriter(capacity: 16)
        CanonicalForm(tape: json.tape, bytes: buffer).append(0, to: &output)
        return output.bytes
    }
}

func canonicalForm(_ text: String) throws(JSONFault) -> String {
    String(decoding: try canonicalForm(Array(text.utf8)), as: UTF8.self)
}

/// A classify body with these members, in JSON; nil omits one. `others` starts with a comma.
func classifyBody(
    document: String? = "\"\(sampleDocument)\"",
    schema: String? = sampleSchema,
    pages: String? = nil,
    model: String? = nil,
    others: String = ""
) -> String {
    let members: [(String, String?)] = [
        ("document_id", document), ("classification_schema", schema), ("page_range", pages), ("query_model", model),
    ]
    return "{" + members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",") + others
        + "}"
}

func readClassify(_ body: String, _ order: SchemaOrder = .insignificant) throws(KeyingFault) -> ClassifyRequest {
    try ClassifyReader().read(Array(body.utf8).span, schemaOrder: order)
}

/// The fault of a body; nil when it is accepted.
func keyingFault(_ body: String) -> KeyingFault? {
    do throws(KeyingFault) {
        _ = try readClassify(body)
        return nil
    } catch {
        return error
    }
}

let organisation = KeyScope(account: AccountID(rawValue: "default"), team: nil)

extension ClassifyRequest {
    var canonicalText: String { String(decoding: canonical, as: UTF8.self) }

    func key(in scope: KeyScope = organisation) -> CacheKey { key(in: scope, with: SHA256Hasher()) }
}

extension ClassifyRequest {
    /// With a schema that was not asked for before.
    func parts(with hasher: SHA256Hasher) -> QuestionParts {
        parts(SchemaMemory().parts(of: self, with: hasher), with: hasher)
    }
}
