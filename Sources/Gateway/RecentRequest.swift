public import Caching
public import HTTPMessages
public import Observability
public import Vocabulary

/// A request that was answered, as operators see it. A value; holds no secret, and nothing of a document but its
/// identifier.
public struct RecentRequest: Sendable {
    public let at: Timestamp
    public let worker: Int
    /// The place among the worker's requests; ascends.
    public let number: Int
    public let requestID: RequestID
    public let team: TeamID?
    public let key: TeamKeyID?
    public let method: HTTPMethod
    /// As in the access log: secrets are masked, and it is cut.
    public let path: String
    /// 499 when the client left before its reply.
    public let status: Int
    public let cacheStatus: CacheStatus?
    public let documentID: String?
    public let model: String?
    public let charged: MicroCredits
    public let saved: MicroCredits
    public let duration: Duration
    /// How long the vendor took.
    public let upstream: Duration?
    /// The code of an error that the gateway made.
    public let error: String?

    /// The newest requests of several workers, newest first.
    static func newest(_ count: Int, of requests: [RecentRequest]) -> [RecentRequest] {
        Array(requests.sorted { $1.isBefore($0) }.prefix(count))
    }

    private func isBefore(_ other: RecentRequest) -> Bool {
        (at, worker, number) < (other.at, other.worker, other.number)
    }
}
