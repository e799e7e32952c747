import Authentication
import Caching
import HTTPMessages
import Observability
import Transport
import Vocabulary

/// What is kept of a request's head once the head itself is gone, for the reply and for the log.
struct RequestFacts {
    /// Nil for a head that could not be routed.
    var route: Route?
    var method = HTTPMethod.unknown
    /// Set for a classify request whose key is good.
    var caller: Caller?
    var directives = CacheDirectives()
    /// What goes back as `x-request-id`.
    var requestID: RequestID
    /// The path as it was sent, cut to what a log line holds; empty for the paths that `route` names.
    var unroutedPath: [UInt8] = []
    var isHTTP10 = false
    var keepsAlive = false
    var startedAt: MonotonicInstant
    /// Bytes of the request, head and body as they came.
    var byteCount = 0
}
