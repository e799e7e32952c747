public import Vocabulary

/// What the vendor accepts as `x-api-key`, and when it may be used. Printing it shows the identifier only.
///
/// A value: what changes about a key is a changed copy of it, which comes into use when the gate replaces its keys.
public struct UpstreamKey: Sendable, CustomStringConvertible, CustomReflectable {
    public let id: UpstreamKeyID
    public let account: AccountID
    public let secret: [UInt8]
    /// Takes the secret out of replies.
    public let scrubber: SecretScrubber
    /// SHA-256 of the secret, by which a store knows the secret again without having it.
    public let secretDigest: Digest
    /// Its share of the account's requests, relative to the other keys; at least 1. More than a million is a million, so
    /// that the sum over all keys fits, whatever a store says.
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
        self.id = id
        self.account = account
        self.secret = secret
        scrubber = SecretScrubber(secret)
        self.secretDigest = secretDigest
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

    /// Whether the vendor sees the same key: with another secret it is another one, whatever it is called.
    func isSame(as other: UpstreamKey) -> Bool { id == other.id && secretDigest == other.secretDigest }

    func isInTime(at now: Timestamp) -> Bool {
        if let notBefore, now < notBefore { return false }
        if let notAfter, now >= notAfter { return false }
        return true
    }
}

extension UpstreamKey {
    /// What an operator wants done with a key. It stands before all that replies say of it.
    public enum OperatorState: String, Sendable, CaseIterable {
        /// It is given out while nothing else is against that.
        case active
        /// It takes no new request; those that are out with it end as they would.
        case draining
        /// It is not to be used. Requests that are out with it end as they would: the vendor has them already.
        case disabled
    }
}
