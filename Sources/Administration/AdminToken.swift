import Cryptography
import HTTPMessages
public import Vocabulary

/// One credential of the admin side, which nobody keeps in clear. Immutable.
public struct AdminToken: Sendable, Equatable {
    /// Who holds it, as the audit log names them.
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

/// Finds the token that a request shows. What it takes in time tells nothing: every token is compared, whichever is
/// right, and a token that is missing or malformed takes the way of a wrong one.
struct AdminTokenSearch {
    /// Compares two digests; another one counts comparisons in a test.
    var areEqual: (Digest, Digest) -> Bool = ConstantTime.areEqual

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

/// Reads `Authorization: Bearer TOKEN`, RFC 6750 §2.1.
enum BearerCredentials {
    /// Where the token stands; nil unless there is exactly one field line, of that scheme and form.
    static func token(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Range<Int>? {
        let values = head.values(of: "authorization", in: bytes)
        guard values.count == 1 else { return nil }
        return token(in: bytes, values[0].indices)
    }

    /// The scheme's name in any letter case and one or more spaces (RFC 9110 §11.1, §11.4), then visible ASCII. The
    /// RFC allows fewer characters; operators choose tokens themselves.
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
