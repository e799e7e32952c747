public import Vocabulary

/// That a team's key was shown, to the second.
public struct TeamKeyUse: Sendable, Equatable {
    public let key: KeyID
    public let at: Timestamp

    public init(key: KeyID, at: Timestamp) {
        self.key = key
        self.at = at
    }
}
