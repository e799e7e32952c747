import JSON
public import Vocabulary

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
