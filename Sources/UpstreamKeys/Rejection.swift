import Vocabulary

/// A reply by which the vendor refused a request without looking at what it asks.
public enum Rejection: Sendable, Equatable {
    /// A 401.
    case unauthorized
    /// A 403 without the vendor's error shape.
    case forbidden
    /// A 403 in the vendor's error shape: it may mean the key, or that the document is not the account's.
    case refused

    /// What the key is quarantined for when another key succeeds with the same request.
    var reason: QuarantineReason {
        switch self {
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .refused: .otherKeyAccepted
        }
    }
}

/// A rejection that a request met: the first one decides how the answer to its second try is read.
public struct FirstRejection: Sendable {
    public let key: UpstreamKey
    public let rejection: Rejection
    /// Which the request asked about.
    let document: String

    public init(key: UpstreamKey, rejection: Rejection, document: String) {
        self.key = key
        self.rejection = rejection
        self.document = document
    }
}

/// What becomes of a request that was rejected.
public enum Ruling: Sendable, Equatable {
    /// It is tried once with another key of the account.
    case tryAnother
    /// The vendor's refusal, in its own error shape, is passed on.
    case passOn
    /// No key is accepted for it, and the vendor has not said why in its own error shape.
    case keyRejected
}
