public import HTTPMessages

/// A fault that the serving side found in a request; the handler words the answer. The connection ends after it.
public enum RequestFault: Error, Equatable, Sendable {
    case head(RequestRefusal)
    /// The head, or the body, was not complete in time.
    case headTimeout, bodyTimeout
    /// The content is longer than the handler's limit, in bytes.
    case bodyTooLarge(limit: Int)
    /// The route takes no content, and there is more than may be dropped.
    case contentNotTaken
    case badChunk(ChunkRefusal)
    /// The memory budget of clients is used up.
    case noRoom
    /// The server is stopping and no longer waits for this request.
    case draining
}
