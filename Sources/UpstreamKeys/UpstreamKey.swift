public import Vocabulary

/// A key at the vendor (`x-api-key`) and when it may be used. Printing it shows the identifier only.
///
/// A value: a change of a key is a changed copy, which takes effect when the gate replaces its keys.
public struct UpstreamKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// All of it in one object: a pass has the key, and is copied several times on the way of a call.
    /// Immutable.
    private final class Content: Sendable {
        let id: UpstreamKeyID
        let account: AccountID
        let secret: [UInt8]
        let scrubber: SecretScrubber
        let secretDigest: Digest
        let terms: Terms

        init(
            _ id: UpstreamKeyID,
            _ account: AccountID,
            _ secret: [UInt8],
            _ scrubber: SecretScrubber,
            _ secretDigest: Digest,
            _ terms: Terms
        ) {
            (self.id, self.account, self.secret) = (id, account, secret)
            (self.scrubber, self.secretDigest, self.terms) = (scrubber, secretDigest, terms)
        }
    }

    /// What of a key can change.
    private struct Terms: Sendable {
        var weight: Int { didSet { checkWeight() } }
        var notBefore: Timestamp?
        var notAfter: Timestamp?
        var operatorState = OperatorState.active

        init(weight: Int, notBefore: Timestamp?, notAfter: Timestamp?) {
            (self.weight, self.notBefore, self.notAfter) = (weight, notBefore, notAfter)
            checkWeight()
        }

        private static let weightMax = 1_000_000

        private mutating func checkWeight() {
            precondition(weight >= 1, "the weight \(weight) of an upstream key")
            if weight > Self.weightMax { weight = Self.weightMax }
        }
    }

    private var content: Content
    public var id: UpstreamKeyID { content.id }
    public var account: AccountID { content.account }
    public var secret: [UInt8] { content.secret }
    /// Masks the secret in replies.
    public var scrubber: SecretScrubber { content.scrubber }
    /// SHA-256 of the secret; lets a store recognise the secret without having it.
    public var secretDigest: Digest { content.secretDigest }
    /// Its share of the account's requests, relative to the other keys; at least 1. Capped at a million, so that the
    /// sum over all keys cannot overflow, whatever a store contains.
    public var weight: Int {
        get { content.terms.weight }
        set { change { $0.weight = newValue } }
    }
    public var notBefore: Timestamp? {
        get { content.terms.notBefore }
        set { change { $0.notBefore = newValue } }
    }
    public var notAfter: Timestamp? {
        get { content.terms.notAfter }
        set { change { $0.notAfter = newValue } }
    }
    public var operatorState: OperatorState {
        get { content.terms.operatorState }
        set { change { $0.operatorState = newValue } }
    }

    public init(
        id: UpstreamKeyID,
        account: AccountID,
        secret: [UInt8],
        secretDigest: Digest,
        weight: Int = 1,
        notBefore: Timestamp? = nil,
        notAfter: Timestamp? = nil
    ) {
        let terms = Terms(weight: weight, notBefore: notBefore, notAfter: notAfter)
        content = Content(id, account, secret, SecretScrubber(secret), secretDigest, terms)
    }

    private mutating func change(_ body: (inout Terms) -> Void) {
        var terms = content.terms
        body(&terms)
        content = Content(id, account, secret, scrubber, secretDigest, terms)
    }

    public var description: String { "upstream key \(id)" }
    public var customMirror: Mirror { Mirror(self, children: ["id": id.rawValue]) }

    /// Whether it is the same key to the vendor: with a different secret it is a different key, whatever its
    /// identifier.
    func isSame(as other: UpstreamKey) -> Bool {
        content === other.content || (id == other.id && secretDigest == other.secretDigest)
    }

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
