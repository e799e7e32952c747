public import Cryptography
public import Vocabulary

/// Whether the order of the categories is part of the question.
public enum SchemaOrder: Sendable, Equatable {
    case insignificant, significant
}

/// For whom results are shared: part of every key.
public struct KeyScope: Hashable, Sendable {
    public var account: AccountID
    /// Nil when the whole organisation shares results.
    public var team: TeamID?

    public init(account: AccountID, team: TeamID?) {
        self.account = account
        self.team = team
    }

    /// Lengths stand before texts, so that no two scopes run together.
    var prefix: [UInt8] {
        var bytes: [UInt8] = []
        append(account.rawValue, to: &bytes)
        bytes.append(team == nil ? 0 : 1)
        if let team { append(team.rawValue, to: &bytes) }
        return bytes
    }

    private func append(_ text: String, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text.utf8)
    }
}

/// What a classify body asks, with everything that does not matter taken out. Immutable.
public struct ClassifyRequest: Sendable {
    /// A UUID in lower case.
    public let documentID: String
    /// The labels of the categories, unescaped, in UTF-8.
    public let labels: [[UInt8]]
    /// Nil for all pages.
    public let pages: PageSet?
    public let model: String
    /// JSON in canonical form. What is hashed is what is forwarded, so that the vendor never reads a request
    /// otherwise than it was keyed.
    public let canonical: [UInt8]

    /// The version of the key's own format; a change of it forgets all results.
    private static let keyFormat: [UInt8] = Array("tollgate result 1\0".utf8)

    /// The key of the result: SHA-256 of format, scope and canonical form.
    public func key(in scope: KeyScope, with hasher: SHA256Hasher) -> CacheKey {
        hasher.reset()
        hasher.update(Self.keyFormat)
        hasher.update(scope.prefix)
        hasher.update(canonical)
        return hasher.finalize()
    }
}

/// The part of a body's fingerprint that all bodies of a team share, made once. Immutable.
public struct ScopePrefix: Sendable {
    let bytes: [UInt8]

    public init(_ scope: KeyScope) { bytes = Array("tollgate alias 1\0".utf8) + scope.prefix }
}

/// A key for bytes as they were sent: an identical body is a hit without being parsed.
public enum BodyFingerprint {
    /// SHA-256 of the scope and of the bytes themselves.
    public static func derive(_ body: Span<UInt8>, prefix: ScopePrefix, with hasher: SHA256Hasher) -> CacheKey {
        hasher.reset()
        hasher.update(prefix.bytes)
        hasher.update(body)
        return hasher.finalize()
    }
}
