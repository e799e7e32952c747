import TestSupport
import Vocabulary

@testable import Caching

extension SeededGenerator {
    mutating func key() -> CacheKey { CacheKey(Digest(next(), next(), next(), next())) }
}

func fingerprint(_ number: UInt64) -> Fingerprint {
    let key = key(number)
    return Fingerprint(key.digest.word0, key.digest.word3)
}

func key(_ number: UInt64) -> CacheKey {
    var generator = SeededGenerator(seed: number)
    return generator.key()
}

/// A key that belongs to the given shard.
func key(_ number: UInt64, shard: UInt64) -> CacheKey {
    let any = key(number)
    return CacheKey(Digest(any.digest.word0, any.digest.word1, any.digest.word2, any.digest.word3 & ~15 | shard))
}

func result(
    _ key: CacheKey,
    bodyBytes: Int = 300,
    documentID: String = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
    status: UInt16 = 200,
    team: String = "accounts-payable",
    classification: String = "invoice",
    storedAt: Timestamp = Timestamp(seconds: 1_000),
    classifier: String? = nil
) -> CachedResult {
    CachedResult(
        key: key,
        status: status,
        body: [UInt8](repeating: UInt8(ascii: "x"), count: bodyBytes),
        creditsRange: nil,
        credits: MicroCredits(micros: 2_000_000),
        storedAt: storedAt,
        account: AccountID(rawValue: "default"),
        team: TeamID(rawValue: team),
        documentID: documentID,
        model: "gpt-4o-mini",
        pageRange: nil,
        classification: classification,
        classifier: classifier
    )
}

func documentID(_ number: UInt64) -> String { "0b13c9f2-5148-4ffb-bb7b-00000000000\(number % 10)" }

extension ResultCache {
    /// Keeps a result that was asked for just now.
    func insert(_ result: CachedResult) { insert(StampedResult(result, asked: purges.stamp())) }
}
