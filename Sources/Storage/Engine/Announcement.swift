internal import Caching
import Vocabulary

/// What one node tells the others by a row of the feed. The row names what changed; how it is now is read from its own
/// row, so that a node that comes late skips what has changed again.
enum Announcement: Hashable {
    /// Teams, keys, rulings, or budgets of these.
    case registry
    case purge(PurgeTarget)
    /// Its epoch was raised, and its results are purged.
    case classifier(ClassifierKey)
    /// Its state.
    case upstreamKey(UpstreamKeyID)
    /// It was made or removed.
    case grant(Int64, TeamID)
    /// What was learned about it is forgotten.
    case model(String)
}

/// An announcement as two columns of the feed: `kind` and `subject`.
extension Announcement {
    /// The kind of `registry`, by which a change of the registry looks for those of other nodes.
    static let registryKind = "registry"

    var columns: (kind: String, subject: String) {
        switch self {
        case .registry: (Self.registryKind, "")
        case .purge(.classifier(let key)): ("purge", "classifier/\(key.subject)")
        case .purge(let target): ("purge", target.description)
        case .classifier(let key): ("classifier", key.subject)
        case .upstreamKey(let key): ("upstream_key", key.rawValue)
        case .grant(let id, let team): ("grant", "\(id)/\(team)")
        case .model(let name): ("model", name)
        }
    }

    /// Nil for a kind that this version does not know, which is of no concern to it. A purge whose subject is not
    /// understood is one of everything.
    init?(kind: String, subject: String) {
        let parts = subject.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch kind {
        case Self.registryKind: self = .registry
        case "purge": self = .purge(PurgeTarget(parts) ?? .all)
        case "classifier":
            guard let key = ClassifierKey(parts) else { return nil }
            self = .classifier(key)
        case "upstream_key": self = .upstreamKey(UpstreamKeyID(rawValue: subject))
        case "grant":
            guard parts.count == 2, let id = Int64(parts[0]) else { return nil }
            self = .grant(id, TeamID(rawValue: parts[1]))
        case "model": self = .model(subject)
        default: return nil
        }
    }
}

extension PurgeTarget {
    /// - Parameter parts: what is before and behind the first slash of its description.
    fileprivate init?(_ parts: [String]) {
        switch (parts[0], parts.count) {
        case ("document", 2): self = .document(parts[1])
        case ("team", 2): self = .team(TeamID(rawValue: parts[1]))
        case ("key", 2):
            guard let digest = Digest(hexadecimal: parts[1]) else { return nil }
            self = .key(CacheKey(digest))
        case ("classifier", 2):
            let names = parts[1].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = ClassifierKey(names.map(String.init)) else { return nil }
            self = .classifier(key)
        case ("all", 1): self = .all
        default: return nil
        }
    }
}

extension ClassifierKey {
    /// `ACCOUNT/ID`. An account's slashes are written as `%2F`, and its percent signs as `%25`: the first slash ends it.
    fileprivate var subject: String {
        let name = account.rawValue
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else {
            return description
        }
        let escaped = name.map { $0 == "/" ? "%2F" : $0 == "%" ? "%25" : String($0) }.joined()
        return "\(escaped)/\(classifierID)"
    }

    /// - Parameter parts: what is before and behind the first slash of a subject.
    fileprivate init?(_ parts: [String]) {
        guard parts.count == 2 else { return nil }
        let pieces = parts[0].split(separator: "%", omittingEmptySubsequences: false)
        var account = String(pieces[0])
        for piece in pieces.dropFirst() {
            // Older nodes wrote a percent sign as it is.
            account += piece.hasPrefix("2F") ? "/" : "%"
            account += piece.hasPrefix("2F") || piece.hasPrefix("25") ? piece.dropFirst(2) : piece
        }
        self.init(account: AccountID(rawValue: account), folded: parts[1])
    }
}
