public import Vocabulary

/// What an operator decided about a key. It holds for as long as the key has the secret that it had then.
public struct KeyRuling: Sendable, Equatable {
    /// The key that it is about.
    public enum Subject: Sendable, Hashable {
        case teamKey(TeamKeyID)
        case upstreamKey(UpstreamKeyID)
    }

    public enum Verdict: String, Sendable, CaseIterable {
        /// Of a team's key of the file: it is not valid any more.
        case revoked
        /// Of a key at the vendor: it takes no new request, and those under way end with it.
        case draining
        /// Of a key at the vendor: it is not to be used.
        case disabled
    }

    public let subject: Subject
    /// SHA-256 of the secret: another secret is none of this ruling's business.
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
