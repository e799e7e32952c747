import Authentication
import Caching
import HTTPMessages
import Observability
import Vocabulary

/// What is kept of a request's head, for the reply and the log, after the head itself is gone.
struct RequestFacts {
    /// Nil for a head that could not be routed.
    var route: Route?
    var method = HTTPMethod.unknown
    /// Set for a request with a valid key, on a route that needs one.
    var caller: Caller?
    var directives = CacheDirectives()
    /// The identifier of the saved classifier that is asked, as the path has it.
    var classifier: String?
    /// The value of `x-request-id` in the reply.
    var requestID: RequestID
    /// The path as it was sent, with secrets masked, truncated for the log; empty for paths that `route` names. Set for
    /// a request that is passed through or asks a saved classifier, too.
    var unroutedPath: [UInt8] = []
    /// The trace that the client says it belongs to; nil without one.
    var trace: RequestTrace?
    var startedAt: MonotonicInstant

    /// Resets in place, which costs a hit less than assigning a new value.
    mutating func begin(_ requestID: RequestID, at now: MonotonicInstant) {
        route = nil
        method = .unknown
        caller = nil
        directives = CacheDirectives()
        self.requestID = requestID
        if trace != nil { trace = nil }
        if !unroutedPath.isEmpty { (unroutedPath, classifier) = ([], nil) }
        startedAt = now
    }

    /// Whether the request asks a question whose result is cached.
    var isQuestion: Bool { route?.isQuestion ?? false }
}
