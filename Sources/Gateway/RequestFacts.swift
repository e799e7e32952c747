import Authentication
import Caching
import HTTPMessages
import Observability
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
    var startedAt: MonotonicInstant

    /// Begins anew in place, which costs a hit less than to be replaced whole.
    mutating func begin(_ requestID: RequestID, at now: MonotonicInstant) {
        route = nil
        method = .unknown
        caller = nil
        directives = CacheDirectives()
        self.requestID = requestID
        if !unroutedPath.isEmpty { unroutedPath = [] }
        startedAt = now
    }
}
