import Vocabulary

/// A reply that refuses a request with a 401 or a 403.
public enum Rejection: Sendable, Equatable {
    /// A 401 without the vendor's error shape.
    case unauthorized
    /// A 401 in the vendor's error shape. It says of the key what any 401 says.
    case unauthorizedInShape
    /// A 403 without the vendor's error shape.
    case forbidden
    /// A 403 in the vendor's error shape: it may be about the key, or mean that the document belongs to another
    /// account.
    case refused

    /// Whether it says that the key is unknown.
    var isUnauthorized: Bool { reason == .unauthorized }

    /// Whether it is in the vendor's error shape, and so may be passed on.
    public var isShaped: Bool {
        switch self {
        case .unauthorized, .forbidden: false
        case .unauthorizedInShape, .refused: true
        }
    }

    /// The reason to quarantine the key when another key succeeds with the same request.
    var reason: QuarantineReason {
        switch self {
        case .unauthorized, .unauthorizedInShape: .unauthorized
        case .forbidden: .forbidden
        case .refused: .otherKeyAccepted
        }
    }
}

/// A rejection of a request. The first one decides how the answer to the second try is judged. Immutable; an object, so
/// that what every call hands on has one word for it.
public final class FirstRejection: Sendable {
    public let key: UpstreamKey
    public let rejection: Rejection
    /// The document that the request asked about.
    let document: String

    public init(key: UpstreamKey, rejection: Rejection, document: String) {
        self.key = key
        self.rejection = rejection
        self.document = document
    }
}

/// The decision on a rejected request.
public enum Ruling: Sendable, Equatable {
    /// The request is tried once with another key of the account.
    case tryAnother
    /// The vendor's refusal, in its own error shape, is passed on.
    case passOn
    /// No key was accepted, and the vendor has not said why in its own error shape.
    case keyRejected
}
