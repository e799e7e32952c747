import Vocabulary

/// A reply by which the vendor refused a request without looking at what it asks.
enum Rejection: Sendable, Equatable {
    /// A 401.
    case unauthorized
    /// A 403 without the vendor's error shape.
    case forbidden
    /// A 403 in the vendor's error shape: it may mean the key, or that the document is not the account's.
    case refused

    /// Why the key is at fault, where the reply alone says so.
    var reason: QuarantineReason? {
        switch self {
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .refused: nil
        }
    }
}

/// The rejection that a request met first, which decides how the answer to its second try is read.
struct FirstRejection: Sendable {
    let key: UpstreamKey
    let rejection: Rejection
}

/// What becomes of a request that was rejected.
enum Ruling: Equatable {
    /// It is tried once with another key of the account.
    case tryAnother
    /// It was about the document: the vendor's reply is passed on.
    case passOn
    /// It was about the key, and there is no other to try.
    case keyRejected
}
