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
    /// Nil when the whole organization shares results.
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

    /// Appends a text with its length before it.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        append(UInt64(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }
}

extension SavedClassifier {
    /// The classifier's part of a key.
    fileprivate var keyPart: [UInt8] {
        var bytes: [UInt8] = []
        KeyScope.append(identifier, to: &bytes)
        KeyScope.append(UInt64(bitPattern: epoch), to: &bytes)
        return bytes
    }
}

/// The saved classifier that a request asks, in place of a schema of its own.
public struct SavedClassifier: Hashable, Sendable {
    /// As the path has it: visible ASCII that needs no encoding.
    public let identifier: String
    /// The number of the last change of the classifier that the gateway has seen. Results of an earlier one have other
    /// keys.
    public let epoch: Int64

    public init(identifier: String, epoch: Int64) {
        self.identifier = identifier
        self.epoch = epoch
    }

    /// The identifier as it is called where results are listed and dropped.
    public var foldedIdentifier: String { ClassifierKey.folded(identifier) }
}

/// A classify request, with all insignificant differences removed. Immutable.
public struct ClassifyRequest: Sendable {
    /// Where members are in `canonical`.
    struct Places {
        /// The document's UUID.
        var document = 0..<0
        /// The value of `classification_schema`; empty for a saved classifier.
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
    /// Nil for a request with a schema of its own.
    public let classifier: SavedClassifier?

    /// A UUID in lower case; allocated at each call.
    public var documentID: String { String(decoding: canonical[places.document], as: UTF8.self) }

    /// The labels of the categories in their order, unescaped, in UTF-8; none for a saved classifier, whose labels the
    /// vendor has. Parsed from the canonical form on demand: they are only compared with a reply of the vendor.
    public var labels: [[UInt8]] {
        if classifier != nil { return [] }
        return unsafe canonical[places.schema].withUnsafeBufferPointer { bytes in
            var json = StrictJSON()
            do throws(JSONFault) { try unsafe json.read(bytes) } catch {
                preconditionFailure("a canonical form that is not JSON: \(error)")
            }
            let tape = json.tape
            var labels: [[UInt8]] = []
            tape.forEachElement(of: 0) { _, category in
                var label: [UInt8]?
                tape.forEachMember(of: category) { member, value in
                    guard unsafe JSONContent.equals(tape.nodes[member], "label", bytes) else { return }
                    label = unsafe JSONContent.bytes(tape.nodes[value], bytes)
                }
                guard let label else { preconditionFailure("a category of a canonical form without a label") }
                labels.append(label)
            }
            return labels
        }
    }

    /// The versions of the key formats; changing one invalidates its results. Neither is the beginning of the other, so
    /// that no question of one format has the bytes of the other's.
    private static let keyFormat: [UInt8] = Array("tollgate result 1\0".utf8)
    private static let classifierKeyFormat: [UInt8] = Array("tollgate classifier result 1\0".utf8)

    /// The key of the result: SHA-256 of format, scope, saved classifier and canonical form.
    public func key(in scope: KeyScope, with hasher: SHA256Hasher) -> CacheKey {
        hasher.reset()
        if let classifier {
            hasher.update(Self.classifierKeyFormat)
            hasher.update(scope.prefix)
            hasher.update(classifier.keyPart)
        } else {
            hasher.update(Self.keyFormat)
            hasher.update(scope.prefix)
        }
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
