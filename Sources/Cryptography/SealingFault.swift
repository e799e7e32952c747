/// Why a sealed value was not opened.
public enum SealingFault: Error, Equatable, Sendable {
    /// It is too short, or of a version that is not known.
    case malformed
    /// It was sealed with another key than this one.
    case otherKey
    /// It was sealed with this key, but was altered since, or was sealed in another context.
    case notAuthentic
}

extension SealingFault: CustomStringConvertible {
    /// What happened and what an operator can do.
    public var description: String {
        switch self {
        case .malformed:
            "it is no sealed value that this version reads; restore it from a backup, or set what was sealed anew"
        case .otherKey:
            "it was sealed with another key; give the key that it was sealed with, or set what was sealed anew"
        case .notAuthentic:
            "it was altered, or belongs elsewhere; restore it from a backup, or set what was sealed anew"
        }
    }
}
