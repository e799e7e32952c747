import Cryptography
import Vocabulary

/// Finds the token that a request shows. What it takes in time tells nothing: every token is compared, whichever is
/// right, and a token that is missing or malformed takes the way of a wrong one.
struct AdminTokenSearch {
    /// Compares two digests; another one counts comparisons in a test.
    var areEqual: (CacheKey, CacheKey) -> Bool = ConstantTime.areEqual

    /// - Parameter shown: where in `bytes` the token stands; nil when there is nothing of that kind.
    func find(
        _ shown: Range<Int>?,
        in bytes: Span<UInt8>,
        among tokens: [AdminToken],
        with hasher: SHA256Hasher
    ) -> AdminToken? {
        let digest = hasher.digest(bytes.extracting(shown ?? 0..<0))
        var found: AdminToken?
        for token in tokens where areEqual(token.digest, digest) { found = token }
        // What is no token is none, be there a token whose secret is empty.
        return shown == nil ? nil : found
    }
}
