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
    /// The value of `x-request-id` in the reply.
    var requestID: RequestID
    var startedAt: MonotonicInstant
    /// Nil for most requests: facts are copied on the way of a hit, and each reference in them costs it.
    private var rare: RareFacts?

    init(requestID: RequestID, startedAt: MonotonicInstant) {
        self.requestID = requestID
        self.startedAt = startedAt
    }

    /// Resets in place, which costs a hit less than assigning a new value.
    mutating func begin(_ requestID: RequestID, at now: MonotonicInstant) {
        route = nil
        method = .unknown
        caller = nil
        directives = CacheDirectives()
        self.requestID = requestID
        if rare != nil { rare = nil }
        startedAt = now
    }

    /// Whether the request asks a question whose result is cached.
    var isQuestion: Bool { route?.isQuestion ?? false }
}

/// What only some requests have.
extension RequestFacts {
    /// The identifier of the saved classifier that is asked, as the path has it.
    var classifier: String? {
        get { rare?.classifier }
        set { change { $0.classifier = newValue } }
    }

    /// The path as it was sent, with secrets masked, truncated for the log; empty for paths that `route` names. Set for
    /// a request that is passed through or asks a saved classifier, too.
    var unroutedPath: [UInt8] {
        get { rare?.unroutedPath ?? [] }
        set { change { $0.unroutedPath = newValue } }
    }

    /// The trace that the client says it belongs to; nil without one.
    var trace: RequestTrace? {
        get { rare?.trace }
        set { change { $0.trace = newValue } }
    }

    /// Copies of the facts keep what they have.
    private mutating func change(_ body: (RareFacts) -> Void) {
        let own = rare.map(RareFacts.init(copying:)) ?? RareFacts()
        body(own)
        rare = own
    }
}

/// Immutable once it is in a request's facts.
private final class RareFacts {
    var classifier: String?
    var unroutedPath: [UInt8] = []
    var trace: RequestTrace?

    init() {}

    init(copying other: RareFacts) {
        classifier = other.classifier
        unroutedPath = other.unroutedPath
        trace = other.trace
    }
}
