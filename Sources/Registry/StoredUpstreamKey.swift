public import Vocabulary

/// An upstream key as stored, with its secret sealed.
public struct StoredUpstreamKey: Sendable, Equatable {
    public let id: UpstreamKeyID
    public let account: AccountID
    /// At least 1.
    public var weight: Int
    public var notBefore: Timestamp?
    public var notAfter: Timestamp?
    public var monthlyCredits: MicroCredits?
    /// Sealed under the master key, with the key's identifier as context.
    public var sealedSecret: [UInt8]
    /// SHA-256 of the secret.
    public var secretDigest: Digest
    public let createdAt: Timestamp

    public init(
        id: UpstreamKeyID,
        account: AccountID,
        weight: Int,
        notBefore: Timestamp?,
        notAfter: Timestamp?,
        monthlyCredits: MicroCredits?,
        sealedSecret: [UInt8],
        secretDigest: Digest,
        createdAt: Timestamp
    ) {
        self.id = id
        self.account = account
        self.weight = weight
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.monthlyCredits = monthlyCredits
        self.sealedSecret = sealedSecret
        self.secretDigest = secretDigest
        self.createdAt = createdAt
    }
}
