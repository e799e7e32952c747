/// Which part of a list is asked for.
public struct AdminPage: Sendable, Equatable {
    /// How many items at most.
    public let limit: Int
    /// What the last part answered as `next_cursor`; nil for the first part.
    public let cursor: String?

    public init(limit: Int, cursor: String?) {
        self.limit = limit
        self.cursor = cursor
    }
}
