import JSON
public import Vocabulary

/// The reader of classify bodies: checks strict JSON, then each member, then makes the canonical form.
///
/// Confined to its worker; its memory is reused, except what only a body of a hostile shape needs.
/// `docs/api.md` §2, `docs/keying.md`.
public final class ClassifyReader {
    private var json = StrictJSON()
    private var categories = CategoryList()
    private var output = ByteWriter(capacity: 2_048)

    public init() {}

    /// Reads the request in `body`; throws if it is not a valid one.
    ///
    /// - Parameter classifier: the saved classifier that is asked; nil for a request with a schema of its own.
    public func read(
        _ body: Span<UInt8>,
        schemaOrder: SchemaOrder,
        of classifier: SavedClassifier? = nil
    ) throws(KeyingFault) -> ClassifyRequest {
        let result = unsafe body.withUnsafeBufferPointer { bytes -> Result<ClassifyRequest, KeyingFault> in
            defer { json.tape.removeAll() }
            do throws(JSONFault) { try unsafe json.read(bytes) } catch { return .failure(KeyingFault(error)) }
            let meaning = unsafe ClassifyMeaning(
                form: CanonicalForm(tape: json.tape, bytes: bytes),
                schemaOrder: schemaOrder,
                classifier: classifier
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

/// Why a body is not a classify request: answered 400, before anything is spent.
public struct KeyingFault: Error, Equatable, Sendable {
    /// `invalidJSON`, or `invalidRequest` for JSON that is not a classify request.
    public let code: ErrorCode
    /// Names the member by its path and says what to do; contains nothing from the body but known names.
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
