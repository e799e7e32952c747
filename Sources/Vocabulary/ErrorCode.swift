/// The error codes of this program, in the order of the table in docs/api.md §3. They contain only characters that no
/// format escapes.
public enum ErrorCode: String, Sendable, CaseIterable {
    case invalidJSON = "invalid_json"
    case invalidRequest = "invalid_request"
    case badRequest = "bad_request"
    case budgetExceeded = "budget_exceeded"
    case invalidAPIKey = "invalid_api_key"
    case modelNotAllowed = "model_not_allowed"
    case unauthorized
    case forbidden
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case conflict
    case requestTimeout = "request_timeout"
    case bodyTooLarge = "body_too_large"
    case uriTooLong = "uri_too_long"
    case headersTooLarge = "headers_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case misdirectedRequest = "misdirected_request"
    case rateLimited = "rate_limited"
    case upstreamUnreachable = "upstream_unreachable"
    case upstreamInvalidResponse = "upstream_invalid_response"
    case upstreamKeyRejected = "upstream_key_rejected"
    case noUpstreamKey = "no_upstream_key"
    case upstreamRateLimited = "upstream_rate_limited"
    case overloaded
    case circuitOpen = "circuit_open"
    case storeUnavailable = "store_unavailable"
    case draining
    case upstreamTimeout = "upstream_timeout"
    case notCached = "not_cached"
}
