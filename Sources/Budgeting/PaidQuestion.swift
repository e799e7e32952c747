public import Vocabulary

/// The question that a payment was made for, and what its request allowed the cache to do: from this follows why a
/// document was paid for more than once. Immutable.
public struct PaidQuestion: Sendable, Equatable {
    public let parts: QuestionParts
    /// Whether results are shared within the team alone.
    public let isTeamScoped: Bool
    /// The request carried `no-cache`.
    public let noCache: Bool
    /// The request carried `no-store`.
    public let noStore: Bool
    /// The greatest age that the request accepted from the cache, in seconds; nil for any.
    public let maxAgeSeconds: Int64?
    /// How long a result was fresh when the request was made.
    public let lifetimeMicroseconds: Int64

    public init(
        parts: QuestionParts,
        isTeamScoped: Bool,
        noCache: Bool,
        noStore: Bool,
        maxAgeSeconds: Int64?,
        lifetimeMicroseconds: Int64
    ) {
        self.parts = parts
        self.isTeamScoped = isTeamScoped
        self.noCache = noCache
        self.noStore = noStore
        self.maxAgeSeconds = maxAgeSeconds
        self.lifetimeMicroseconds = lifetimeMicroseconds
    }
}
