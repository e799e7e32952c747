public import Vocabulary

/// A key at the vendor (`x-api-key`) and when it may be used. Printing it shows the identifier only.
///
/// A value: a change of a key is a changed copy, which takes effect when the gate replaces its keys.
public struct UpstreamKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// What never changes, in one object: a pass has the key, and is copied several times on the way of a call.
    private final class Identity: Sendable {
        let id: UpstreamKeyID
        let account: AccountID
        let secret: [UInt8]
        let scrubber: SecretScrubber
        let secretDigest: Digest

        init(_ id: UpstreamKeyID, _ account: AccountID, _ secret: [UInt8], _ secretDigest: Digest) {
            (self.id, self.account, self.secret, self.secretDigest) = (id, account, secret, secretDigest)
            scrubber = SecretScrubber(secret)
        }
    }

    private let identity: Identity
    public var id: UpstreamKeyID { identity.id }
    public var account: AccountID { identity.account }
    public var secret: [UInt8] { identity.secret }
    /// Masks the secret in replies.
    public var scrubber: SecretScrubber { identity.scrubber }
    /// SHA-256 of the secret; lets a store recognise the secret without having it.
    public var secretDigest: Digest { identity.secretDigest }
    /// Its share of the account's requests, relative to the other keys; at least 1. Capped at a million, so that the
    /// sum over all keys cannot overflow, whatever a store contains.
    public var weight: Int { didSet { checkWeight() } }
    public var notBefore: Timestamp?
    public var notAfter: Timestamp?
    public var operatorState = OperatorState.active

    public init(
        id: UpstreamKeyID,
        account: AccountID,
        secret: [UInt8],
        secretDigest: Digest,
        weight: Int = 1,
        notBefore: Timestamp? = nil,
        notAfter: Timestamp? = nil
    ) {
        identity = Identity(id, account, secret, secretDigest)
        self.weight = weight
        self.notBefore = notBefore
        self.notAfter = notAfter
        checkWeight()
    }

    private static let weightMax = 1_000_000

    private mutating func checkWeight() {
        precondition(weight >= 1, "the weight \(weight) of an upstream key")
        if weight > Self.weightMax { weight = Self.weightMax }
    }

    public var description: String { "upstream key \(id)" }
    public var customMirror: Mirror { Mirror(self, children: ["id": id.rawValue]) }

    /// Whether it is the same key to the vendor: with a different secret it is a different key, whatever its
    /// identifier.
    func isSame(as other: UpstreamKey) -> Bool { id == other.id && secretDigest == other.secretDigest }

    func isInTime(at now: Timestamp) -> Bool {
        if let notBefore, now < notBefore { return false }
        if let notAfter, now >= notAfter { return false }
        return true
    }
}

extension UpstreamKey {
    /// The state that an operator has set for a key. It takes precedence over the states that replies cause.
    public enum OperatorState: String, Sendable, CaseIterable {
        /// It is given out unless another state forbids it.
        case active
        /// It takes no new request; requests that are out with it finish normally.
        case draining
        /// It must not be used. Requests that are out with it finish normally: the vendor already has them.
        case disabled
    }
}
