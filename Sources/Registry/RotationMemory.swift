public import Vocabulary

/// The secrets that rotations gave within the last minutes, so that a repeated one answers the same. Pure.
/// `docs/api.md` §5.
public struct RotationMemory: Sendable {
    /// How long a rotation is remembered.
    public static let lifetime = Duration.seconds(600)
    /// More rotations than people make in that time; beyond them the oldest one is forgotten.
    static let receiptsMax = 10_000

    private struct Request: Hashable {
        let key: TeamKeyID
        let digest: Digest
    }

    private struct Receipt {
        let secret: String
        let until: Timestamp
    }

    private var receipts: [Request: Receipt] = [:]

    public init() {}

    /// - Parameter requestDigest: SHA-256 of the `Idempotency-Key`.
    public mutating func remember(
        _ secret: String,
        of key: TeamKeyID,
        requestDigest: Digest,
        until: Timestamp,
        now: Timestamp
    ) {
        receipts = receipts.filter { $0.value.until > now }
        if receipts.count >= Self.receiptsMax, let oldest = receipts.min(by: { $0.value.until < $1.value.until })?.key {
            receipts[oldest] = nil
        }
        receipts[Request(key: key, digest: requestDigest)] = Receipt(secret: secret, until: until)
    }

    /// What that request was answered; nil when it was none, or too long ago.
    public func secret(of key: TeamKeyID, requestDigest: Digest, at now: Timestamp) -> String? {
        guard let receipt = receipts[Request(key: key, digest: requestDigest)], now < receipt.until else { return nil }
        return receipt.secret
    }

    /// A key that was revoked, or is gone, has no secret to tell; another one may come to have its name.
    public mutating func forget(_ keys: Set<TeamKeyID>) { receipts = receipts.filter { !keys.contains($0.key.key) } }
}

/// What a rotation with an `Idempotency-Key` answered, so that a repeated one answers the same: `docs/api.md` §5.
public struct RotationReceipt: Sendable, Equatable {
    public let key: TeamKeyID
    /// SHA-256 of the `Idempotency-Key`, whose text is the client's.
    public let requestDigest: Digest
    /// Sealed under the master key, with the key's identifier as context.
    public let sealedSecret: [UInt8]
    /// From this moment on it is forgotten.
    public let until: Timestamp

    public init(key: TeamKeyID, requestDigest: Digest, sealedSecret: [UInt8], until: Timestamp) {
        self.key = key
        self.requestDigest = requestDigest
        self.sealedSecret = sealedSecret
        self.until = until
    }
}
