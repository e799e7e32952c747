public import Vocabulary

/// An operator's decision about a key. It holds as long as the key keeps the secret it had then.
public struct KeyRuling: Sendable, Equatable {
    /// The key that the ruling is about.
    public enum Subject: Sendable, Hashable {
        case teamKey(TeamKeyID)
        case upstreamKey(UpstreamKeyID)
    }

    public enum Verdict: String, Sendable, CaseIterable {
        /// A team's key of the file is no longer valid.
        case revoked
        /// An upstream key takes no new requests; requests in flight finish with it.
        case draining
        /// An upstream key must not be used.
        case disabled
    }

    public let subject: Subject
    /// SHA-256 of the secret: the ruling does not apply to any other secret.
    public let secretDigest: Digest
    public let verdict: Verdict
    public let at: Timestamp

    public init(subject: Subject, secretDigest: Digest, verdict: Verdict, at: Timestamp) {
        self.subject = subject
        self.secretDigest = secretDigest
        self.verdict = verdict
        self.at = at
    }
}
