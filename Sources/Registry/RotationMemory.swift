public import Vocabulary

/// The secrets given by rotations of the last minutes, for idempotent replay. Pure. `docs/api.md` §5.
public struct RotationMemory: Sendable {
    /// How long a rotation is remembered.
    public static let lifetime = Duration.seconds(600)
    /// More rotations than people make in that time; one more drops the oldest.
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

    /// The secret that this request was answered with; nil if there was no such request, or it has expired.
    public func secret(of key: TeamKeyID, requestDigest: Digest, at now: Timestamp) -> String? {
        guard let receipt = receipts[Request(key: key, digest: requestDigest)], now < receipt.until else { return nil }
        return receipt.secret
    }

    /// Drops the secrets of keys that were revoked or deleted: another key may get the same identifier.
    public mutating func forget(_ keys: Set<TeamKeyID>) { receipts = receipts.filter { !keys.contains($0.key.key) } }
}

/// The answer to a rotation with an `Idempotency-Key`, for idempotent replay: `docs/api.md` §5.
public struct RotationReceipt: Sendable, Equatable {
    public let key: TeamKeyID
    /// SHA-256 of the `Idempotency-Key`, whose text is the client's.
    public let requestDigest: Digest
    /// Sealed under the master key, with the key's identifier as context.
    public let sealedSecret: [UInt8]
    /// The time at which it expires.
    public let until: Timestamp

    public init(key: TeamKeyID, requestDigest: Digest, sealedSecret: [UInt8], until: Timestamp) {
        self.key = key
        self.requestDigest = requestDigest
        self.sealedSecret = sealedSecret
        self.until = until
    }
}
