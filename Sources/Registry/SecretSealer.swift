public import Cryptography
public import Vocabulary

/// The sealer of the secrets in the store: encrypts them under the master key and opens them. `docs/api.md` §6.
///
/// Immutable. Without a master key nothing can be sealed or opened.
public struct SecretSealer: Sendable {
    /// The environment variable of the master key: 32 bytes in base64 or hex.
    public static let variable = "TOLLGATE_MASTER_KEY"
    /// The environment variable of the previous master key while secrets are resealed.
    public static let previousVariable = "TOLLGATE_MASTER_KEY_PREVIOUS"

    /// The purpose of a sealed secret: it can be opened only for the purpose it was sealed for.
    public enum Purpose {
        case upstreamKey(UpstreamKeyID)
        /// The secret given by a rotation of a team's key.
        case rotation(TeamKeyID)

        var context: String {
            switch self {
            case .upstreamKey(let id): "upstream_key/\(id)"
            case .rotation(let id): "rotation/\(id)"
            }
        }
    }

    private let master: SealingKey?
    private let previous: SealingKey?

    public init(master: SealingKey?, previous: SealingKey? = nil) {
        self.master = master
        self.previous = previous
    }

    /// Reads the keys from the environment.
    ///
    /// - Throws: when a variable is set but is not a key; the error does not contain its value.
    public init(environment: [String: String]) throws(SealerFault) {
        master = try Self.key(Self.variable, environment)
        previous = try Self.key(Self.previousVariable, environment)
        if previous != nil, master == nil { throw .missing(Self.variable) }
    }

    private static func key(_ name: String, _ environment: [String: String]) throws(SealerFault) -> SealingKey? {
        guard let text = environment[name] else { return nil }
        guard let key = SealingKey(text: text) else { throw .malformed(name) }
        return key
    }

    /// Whether there is a master key.
    var hasKey: Bool { master != nil }

    /// Nil without a master key.
    public func seal(_ secret: [UInt8], _ purpose: Purpose) -> [UInt8]? {
        master?.seal(secret, context: purpose.context)
    }

    public func open(_ sealed: [UInt8], _ purpose: Purpose) throws(SealerFault) -> [UInt8] {
        guard let master else { throw .missing(Self.variable) }
        let key = previous.map { $0.opens(sealed) && !master.opens(sealed) ? $0 : master } ?? master
        do throws(SealingFault) { return try key.open(sealed, context: purpose.context) } catch {
            switch error {
            case .otherKey: throw .wrong
            case .malformed, .notAuthentic: throw .damaged(purpose.context)
            }
        }
    }

    func open(_ key: StoredUpstreamKey) throws(SealerFault) -> [UInt8] {
        try open(key.sealedSecret, .upstreamKey(key.id))
    }

    /// Whether the secret is sealed under the previous key and has to be resealed.
    func isOutdated(_ sealed: [UInt8]) -> Bool { master?.opens(sealed) == false }
}

/// Why secrets in the store cannot be used; says what to set.
public enum SealerFault: Error, Equatable, Sendable, CustomStringConvertible {
    case missing(String)
    case malformed(String)
    /// Sealed with a key other than the given ones.
    case wrong
    case damaged(String)

    public var description: String {
        switch self {
        case .missing(let name):
            "environment variable \(name) is not set, and the store has secrets that are sealed with it; set it"
        case .malformed(let name):
            "environment variable \(name) must be 32 bytes in base64 or hex, like the output of: openssl rand -base64 32"
        case .wrong:
            "environment variable \(SecretSealer.variable) is not the key that the secrets in the store are sealed with; set "
                + "that one, or set it as \(SecretSealer.previousVariable) to have them sealed anew"
        case .damaged(let what): "the sealed secret \(what) in the store is damaged; restore the store from a backup"
        }
    }
}
