public import Vocabulary

/// Why there is no answer from the vendor, or why it cannot be passed on.
public struct UpstreamFailure: Error, Sendable, Equatable {
    public enum Code: Sendable, CaseIterable {
        case unreachable
        case invalidResponse
        case keyRejected
        case noKey
        case rateLimited
        case overloaded
        case circuitOpen
        case timeout
        /// This node may have been taken for dead: the store has confirmed nothing for too long.
        case storeUnavailable
        case draining

        /// The error code in the client's reply.
        public var errorCode: ErrorCode {
            switch self {
            case .unreachable: .upstreamUnreachable
            case .invalidResponse: .upstreamInvalidResponse
            case .keyRejected: .upstreamKeyRejected
            case .noKey: .noUpstreamKey
            case .rateLimited: .upstreamRateLimited
            case .overloaded: .overloaded
            case .circuitOpen: .circuitOpen
            case .timeout: .upstreamTimeout
            case .storeUnavailable: .storeUnavailable
            case .draining: .draining
            }
        }
    }

    /// Whether the vendor charged for the request.
    public enum Charge: String, Sendable { case no, yes, unknown }

    /// Where the fault lies.
    public enum Source: String, Sendable { case vendor, network, gateway }

    public let code: Code
    public let charged: Charge
    public let source: Source
    /// For `Retry-After`; at least 1.
    public let retryAfterSeconds: Int?
    /// For the log: what happened, without secrets or content.
    public let detail: String

    public init(_ code: Code, charged: Charge, source: Source, _ detail: String, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.charged = charged
        self.source = source
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The vendor's reply is not an answer to the request.
    public static func invalidReply(_ detail: String) -> UpstreamFailure {
        UpstreamFailure(.invalidResponse, charged: .unknown, source: .vendor, detail)
    }

    /// The gateway shuts down: the request did not go out (`.no`), or its answer is no longer awaited (`.unknown`).
    public static func draining(charged: Charge) -> UpstreamFailure {
        UpstreamFailure(.draining, charged: charged, source: .gateway, "the gateway shuts down", retryAfterSeconds: 1)
    }

    /// The store has confirmed nothing for too long, so that other nodes may count this one as dead: nothing was sent.
    public static let notConfirmed = UpstreamFailure(
        .storeUnavailable,
        charged: .no,
        source: .gateway,
        "the store has confirmed no transaction for 6 s",
        retryAfterSeconds: 1
    )

    public var status: Int {
        switch code {
        case .unreachable, .invalidResponse, .keyRejected: 502
        case .noKey, .rateLimited, .overloaded, .circuitOpen, .storeUnavailable, .draining: 503
        case .timeout: 504
        }
    }

    /// Whether a stale result may be served in its place (`docs/api.md` §2): the vendor does not answer as it should.
    public var mayServeStale: Bool {
        switch code {
        case .unreachable, .invalidResponse, .circuitOpen, .timeout: true
        case .keyRejected, .noKey, .rateLimited, .overloaded, .storeUnavailable, .draining: false
        }
    }

    /// The message in the client's reply.
    public var clientMessage: String {
        switch code {
        case .unreachable: "The vendor could not be reached; try again later."
        case .invalidResponse: "The vendor's reply was broken or no answer to this request; try again later."
        case .keyRejected: "The vendor does not accept the gateway's key; tell your gateway's operator."
        case .noKey: "The gateway has no key at the vendor that may be used now; tell your gateway's operator."
        case .rateLimited: "The vendor limits the rate of requests, and none could be sent in time; try again later."
        case .overloaded: "The gateway cannot take more requests to the vendor at the moment; try again later."
        case .circuitOpen: "The vendor failed several times in a row and is left alone for a while; try again later."
        case .timeout: "The vendor did not answer in time; whether it did the work is not known."
        case .storeUnavailable:
            "The gateway's store has not answered for a while, and nothing new is asked of the vendor; try again later."
        case .draining where charged == .unknown:
            "The gateway has shut down before the vendor answered; whether it did the work is not known."
        case .draining:
            "The gateway is shutting down and starts no new call to the vendor; try again in a moment."
        }
    }
}
