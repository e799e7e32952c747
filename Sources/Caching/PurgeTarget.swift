public import Vocabulary

/// The results that a purge concerns.
public enum PurgeTarget: Hashable, Sendable {
    /// The results about a document, in every account: a UUID in lower case.
    case document(String)
    /// The results of requests that were forwarded for a team.
    case team(TeamID)
    /// The result of one key.
    case key(CacheKey)
    /// The results of a saved classifier.
    case classifier(ClassifierKey)
    case all
}

extension PurgeTarget {
    /// Whether the purge concerns a result.
    public func covers(_ result: CachedResult) -> Bool {
        switch self {
        case .document(let id): result.documentID == id
        case .team(let team): result.team == team
        case .key(let key): result.key == key
        case .classifier(let classifier): result.classifierKey == classifier
        case .all: true
        }
    }

    /// Whether the purge concerns few results, which are found by an index: those of a key or of a document.
    public var isNarrow: Bool {
        switch self {
        case .document, .key: true
        case .team, .classifier, .all: false
        }
    }
}

extension PurgeTarget: CustomStringConvertible {
    /// `document/UUID`, `team/ID`, `key/DIGITS`, `classifier/ACCOUNT/ID`, `all`: as the audit log and the status name
    /// it.
    public var description: String {
        switch self {
        case .document(let id): "document/\(id)"
        case .team(let team): "team/\(team)"
        case .key(let key): "key/\(key)"
        case .classifier(let classifier): "classifier/\(classifier)"
        case .all: "all"
        }
    }
}
