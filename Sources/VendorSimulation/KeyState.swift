/// How calls with one API key are treated.
enum KeyState: Equatable, Sendable {
    case good
    /// A 403 in the vendor's own error shape, as for an unknown key.
    case bad
    /// A 403 in the words of the layer in front of the vendor's program.
    case forbidden
    /// A 401.
    case unauthorized
    case rateLimited(RetryAfter?)

    init?(_ name: String, _ retryAfter: RetryAfter?) {
        switch name {
        case "good": self = .good
        case "bad": self = .bad
        case "forbidden": self = .forbidden
        case "unauthorized": self = .unauthorized
        case "rate_limited": self = .rateLimited(retryAfter)
        default: return nil
        }
    }

    var refusal: VendorRefusal? {
        switch self {
        case .good: nil
        case .bad: .badKey
        case .forbidden: VendorRefusal(403, frontDoor: "Forbidden")
        case .unauthorized: .usual(401)
        case .rateLimited(let retryAfter): .rateLimited(retryAfter)
        }
    }
}
