public import Vocabulary

/// A result and when it was asked for, which decides whether it may be kept.
public struct StampedResult: Sendable {
    public let result: CachedResult
    public let asked: PurgeStamp

    public init(_ result: CachedResult, asked: PurgeStamp) {
        self.result = result
        self.asked = asked
    }

    /// Whether the result was purged since it was asked for.
    public var isPurged: Bool { asked.isPurged(result) }
}

/// What the vendor's answer to a question leaves to be stored, and when it was asked. A message.
///
/// The store asks `isOvertaken` on the thread of its transactions: then neither the result nor the pages that the
/// answer taught are stored.
public struct StampedAnswer: Sendable {
    /// Nil when the answer may not be stored in any case; the pages that it taught may be.
    public let result: CachedResult?
    public let key: CacheKey
    public let documentID: String
    private let team: TeamID
    private let classifier: ClassifierKey?
    private let asked: PurgeStamp
    /// What followers of the question's flight on other nodes get; nil for a question that was claimed by nobody.
    public var landing: Landing?

    /// - Parameters:
    ///   - key: of the question.
    ///   - team: for which it was forwarded.
    ///   - classifier: the saved classifier that was asked; nil for a question with a schema of its own.
    public init(
        _ result: CachedResult?,
        key: CacheKey,
        documentID: String,
        team: TeamID,
        classifier: ClassifierKey?,
        asked: PurgeStamp
    ) {
        self.result = result
        self.key = key
        self.documentID = documentID
        self.team = team
        self.classifier = classifier
        self.asked = asked
    }

    public init(_ result: CachedResult, asked: PurgeStamp) {
        self.init(
            result,
            key: result.key,
            documentID: result.documentID,
            team: result.team,
            classifier: result.classifierKey,
            asked: asked
        )
    }

    /// Whether what it says was purged since the question was asked, or is about a document that is being changed.
    public var isOvertaken: Bool {
        asked.isPurged(key, documentID: documentID, team: team, classifier: classifier)
            || asked.isBeingChanged(documentID)
    }

    /// The result as memory keeps it: also while its document is being changed, since memory ends with the process.
    public var forMemory: StampedResult? { result.map { StampedResult($0, asked: asked) } }
}
