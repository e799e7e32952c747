/// What is to be known of a key at the vendor after a restart. It belongs to the secret that the key had.
public struct UpstreamKeyRecord: Sendable, Equatable {
    public enum State: Sendable, Equatable {
        /// Nothing that is worth remembering.
        case active
        /// The vendor limits its rate.
        case cooling(until: Timestamp)
        /// The vendor does not accept it.
        case quarantined(QuarantineReason)
    }

    public let id: UpstreamKeyID
    /// SHA-256 of the secret: another secret has nothing to do with what became of this one.
    public let secretDigest: Digest
    public let state: State

    public init(id: UpstreamKeyID, secretDigest: Digest, state: State) {
        self.id = id
        self.secretDigest = secretDigest
        self.state = state
    }
}

/// Why a key counts as one that the vendor does not accept: `docs/faults.md` §4. The first two, when another
/// key of the account was served with the same request, or after three different documents in a row.
public enum QuarantineReason: String, Sendable, CaseIterable {
    /// A 401.
    case unauthorized
    /// A 403 without the vendor's error shape: what stands before the vendor refused the key.
    case forbidden
    /// A 403 in the vendor's shape, while another key of the account was served with the same request.
    case otherKeyAccepted = "other_key_accepted"
    /// Refusals in a row of five different documents, in whatever words, with no success between.
    case refusedRepeatedly = "refused_repeatedly"
}
