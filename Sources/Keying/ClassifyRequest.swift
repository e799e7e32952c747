public import Cryptography
import JSON
public import Vocabulary

/// Whether the order of the categories is part of the request's meaning.
public enum SchemaOrder: Sendable, Equatable {
    case insignificant, significant
}

/// The scope within which results are shared: part of every key.
public struct KeyScope: Hashable, Sendable {
    public let account: AccountID
    /// Nil when the whole organisation shares results.
    public let team: TeamID?
    /// Texts are prefixed with their lengths, so that no two scopes have the same bytes.
    let prefix: [UInt8]

    public init(account: AccountID, team: TeamID?) {
        self.account = account
        self.team = team
        var bytes: [UInt8] = []
        Self.append(account.rawValue, to: &bytes)
        bytes.append(team == nil ? 0 : 1)
        if let team { Self.append(team.rawValue, to: &bytes) }
        prefix = bytes
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        unsafe withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { unsafe bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text.utf8)
    }
}

/// A classify request, with all insignificant differences removed. Immutable.
public struct ClassifyRequest: Sendable {
    /// Where members are in `canonical`.
    struct Places {
        /// The document's UUID.
        var document = 0..<0
        /// The value of `classification_schema`.
        var schema = 0..<0
        /// The members that the vendor's page does not list, with their names, in the order of their names.
        var others: [Range<Int>] = []
    }

    let places: Places
    /// Nil for all pages.
    public let pages: PageSet?
    public let model: String
    /// JSON in canonical form. The same bytes are hashed and forwarded, so that the vendor never reads a request
    /// otherwise than it was keyed.
    public let canonical: [UInt8]

    /// A UUID in lower case; allocated at each call.
    public var documentID: String { String(decoding: canonical[places.document], as: UTF8.self) }

    /// The labels of the categories in their order, unescaped, in UTF-8. Parsed from the canonical form on demand: they
    /// are only compared with a reply of the vendor.
    public var labels: [[UInt8]] {
        unsafe canonical.withUnsafeBufferPointer { bytes in
            var json = StrictJSON()
            do throws(JSONFault) { try unsafe json.read(bytes) } catch {
                preconditionFailure("a canonical form that is not JSON: \(error)")
            }
            let tape = json.tape
            func member(_ name: StaticString, of object: Int) -> Int {
                var found: Int?
                tape.forEachMember(of: object) { member, value in
                    if unsafe JSONContent.equals(tape.nodes[member], name, bytes) { found = value }
                }
                guard let found else { preconditionFailure("a canonical form without \(name)") }
                return found
            }
            var labels: [[UInt8]] = []
            tape.forEachElement(of: member("classification_schema", of: 0)) { _, category in
                unsafe labels.append(JSONContent.bytes(tape.nodes[member("label", of: category)], bytes))
            }
            return labels
        }
    }

    /// The version of the key format; changing it invalidates all results.
    private static let keyFormat: [UInt8] = Array("tollgate result 1\0".utf8)

    /// The key of the result: SHA-256 of format, scope and canonical form.
    public func key(in scope: KeyScope, with hasher: SHA256Hasher) -> CacheKey {
        hasher.reset()
        hasher.update(Self.keyFormat)
        hasher.update(scope.prefix)
        hasher.update(canonical)
        return CacheKey(hasher.finalize())
    }
}

extension KeyScope {
    /// The hash for bodies of this scope as they were sent: an identical body is a hit without being parsed, and the
    /// same body in another scope has another fingerprint.
    ///
    /// - Parameter secret: a secret of the process, so that a client cannot construct two bodies with one fingerprint.
    public func bodyHash(secret: [UInt8]) -> KeyedHash {
        KeyedHash(secret: secret, purpose: Array("body ".utf8) + prefix)
    }
}
