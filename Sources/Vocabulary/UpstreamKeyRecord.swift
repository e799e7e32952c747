/// The state of an upstream key that is kept across a restart. It belongs to the key's secret.
public struct UpstreamKeyRecord: Sendable, Equatable {
    public enum State: Sendable, Equatable {
        /// Nothing to remember.
        case active
        /// The vendor limits its rate.
        case cooling(until: Timestamp)
        /// The vendor does not accept it.
        case quarantined(QuarantineReason)
    }

    public let id: UpstreamKeyID
    /// SHA-256 of the secret: the state does not apply to another secret.
    public let secretDigest: Digest
    public let state: State

    public init(id: UpstreamKeyID, secretDigest: Digest, state: State) {
        self.id = id
        self.secretDigest = secretDigest
        self.state = state
    }
}

/// Why a key counts as rejected by the vendor: `docs/faults.md` §4. The first two apply when another key of the account
/// was served with the same request, or after three different documents in a row.
public enum QuarantineReason: String, Sendable, CaseIterable {
    /// A 401.
    case unauthorized
    /// A 403 without the vendor's error shape: an intermediary in front of the vendor refused the key.
    case forbidden
    /// A 403 in the vendor's shape, while another key of the account was served with the same request.
    case otherKeyAccepted = "other_key_accepted"
    /// Consecutive refusals of five different documents, in any wording, without a success in between.
    case refusedRepeatedly = "refused_repeatedly"
}
