public import HTTPMessages

/// What the serving side finds wrong with a request, for the handler to answer in its own words. The connection ends
/// after that answer.
public enum RequestFault: Error, Equatable, Sendable {
    case head(RequestRefusal)
    /// The head, or the body, was not complete in time.
    case headTimeout, bodyTimeout
    /// The content is longer than the handler's limit, in bytes.
    case bodyTooLarge(limit: Int)
    /// There is more content than is dropped on a route that takes none.
    case contentNotTaken
    case badChunk(ChunkRefusal)
    /// The memory set aside for clients is taken.
    case noRoom
    /// The server ends and waits no longer.
    case draining
}
