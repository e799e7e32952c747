import Cryptography
import HTTPMessages
public import Vocabulary

/// One credential of the admin side; only its digest is kept. Immutable.
public struct AdminToken: Sendable, Equatable {
    /// The holder's name in the audit log.
    public let name: String
    public let role: AdminRole
    /// SHA-256 of the token.
    public let digest: Digest

    public init(name: String, role: AdminRole, digest: Digest) {
        self.name = name
        self.role = role
        self.digest = digest
    }
}

/// Finds the token that a request shows. The time taken reveals nothing: every token is compared even after a match,
/// and a missing or malformed token is treated like a wrong one.
struct AdminTokenSearch {
    /// Compares two digests; tests replace it to count comparisons.
    var areEqual: (Digest, Digest) -> Bool = ConstantTime.areEqual

    /// - Parameter shown: the token's range in `bytes`; nil when no token was shown.
    func find(
        _ shown: Range<Int>?,
        in bytes: Span<UInt8>,
        among tokens: [AdminToken],
        with hasher: SHA256Hasher
    ) -> AdminToken? {
        let digest = hasher.digest(bytes.extracting(shown ?? 0..<0))
        var found: AdminToken?
        for token in tokens where areEqual(token.digest, digest) { found = token }
        // No token shown matches nothing, even if a configured token's secret is empty.
        return shown == nil ? nil : found
    }
}

/// Reads `Authorization: Bearer TOKEN`, RFC 6750 §2.1.
enum BearerCredentials {
    /// The token's range; nil unless there is exactly one field line, with that scheme and syntax.
    static func token(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Range<Int>? {
        let values = head.values(of: "authorization", in: bytes)
        guard values.count == 1 else { return nil }
        return token(in: bytes, values[0].indices)
    }

    /// The scheme's name in any letter case, one or more spaces (RFC 9110 §11.1, §11.4), then visible ASCII. RFC 6750
    /// allows fewer characters, but operators choose tokens themselves.
    private static func token(in bytes: Span<UInt8>, _ value: Range<Int>) -> Range<Int>? {
        let schemeEnd = value.lowerBound + 6
        guard schemeEnd < value.upperBound, bytes[schemeEnd] == 0x20,
            TokenList.equals(bytes.extracting(value.lowerBound..<schemeEnd), "bearer")
        else { return nil }
        var start = schemeEnd
        while start < value.upperBound, bytes[start] == 0x20 { start += 1 }
        for index in start..<value.upperBound where bytes[index] <= 0x20 || bytes[index] >= 0x7F { return nil }
        return start < value.upperBound ? start..<value.upperBound : nil
    }
}
