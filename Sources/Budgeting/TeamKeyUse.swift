public import Vocabulary

/// That a team's key was shown, to the second.
public struct TeamKeyUse: Sendable, Equatable {
    public let key: TeamKeyID
    public let at: Timestamp

    public init(key: TeamKeyID, at: Timestamp) {
        self.key = key
        self.at = at
    }
}
