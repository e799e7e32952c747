public import Vocabulary

/// What a rotation with an `Idempotency-Key` answered, so that a repeated one answers the same: `docs/api.md` §5.
public struct RotationReceipt: Sendable, Equatable {
    public let key: TeamKeyID
    /// SHA-256 of the `Idempotency-Key`, whose text is the client's.
    public let requestDigest: CacheKey
    /// Sealed under the master key, with the key's identifier as context.
    public let sealedSecret: [UInt8]
    /// From this moment on it is forgotten.
    public let until: Timestamp

    public init(key: TeamKeyID, requestDigest: CacheKey, sealedSecret: [UInt8], until: Timestamp) {
        self.key = key
        self.requestDigest = requestDigest
        self.sealedSecret = sealedSecret
        self.until = until
    }
}
