import JSON
public import Vocabulary

/// Reads the body of a classify request: strict JSON, then what each member may be, then the canonical form.
///
/// Confined to its worker; its memory is used again, but for what only a body of a hostile shape takes.
/// `docs/api.md` §2, `docs/keying.md`.
public final class ClassifyReader {
    private var json = StrictJSON()
    private var categories = CategoryList()
    private var output = ByteWriter(capacity: 2_048)

    public init() {}

    /// What `body` asks; throws what is wrong with it.
    public func read(_ body: Span<UInt8>, schemaOrder: SchemaOrder) throws(KeyingFault) -> ClassifyRequest {
        let result = body.withUnsafeBufferPointer { bytes -> Result<ClassifyRequest, KeyingFault> in
            defer { json.tape.removeAll() }
            do throws(JSONFault) { try json.read(bytes) } catch { return .failure(KeyingFault(error)) }
            let meaning = ClassifyMeaning(
                form: CanonicalForm(tape: json.tape, bytes: bytes),
                schemaOrder: schemaOrder
            )
            do throws(KeyingFault) {
                return .success(try meaning.read(&categories, writing: &output))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// Why a body is no classify request: 400, before anything is spent.
public struct KeyingFault: Error, Equatable, Sendable {
    /// `invalidJSON`, or `invalidRequest` for JSON that does not mean a classify request.
    public let code: ErrorCode
    /// Names the member by its path and says what to do; holds nothing of the body but names that are ours.
    public let message: String

    init(_ fault: JSONFault) {
        code = .invalidJSON
        message = "The body is not valid JSON: \(fault)."
    }

    init(_ path: String, _ what: String) {
        code = .invalidRequest
        message = "\(path) \(what)."
    }

    init(notAnObject: Void) {
        code = .invalidJSON
        message = "The body is not valid JSON for this call: it must be one object."
    }
}
