import HTTPMessages
import Observability

/// The state of one request while it is read and answered. Confined to its connection.
final class AdminExchange {
    /// The longest body that is read and dropped: of a request without a token, or of a method that takes no body.
    static let unusedBodyBytesMax = 4 * 1024

    /// Sent back as `x-request-id`.
    let requestID: RequestID
    var method = HTTPMethod.unknown
    /// As sent; empty when no request could be parsed.
    var path = ""
    /// Set once the request is admitted.
    var route: AdminRoute?
    var parameters: [String] = []
    var query: [(name: String, value: String)] = []
    var idempotencyKey: String?
    var accept: String?
    var actor: AdminToken?
    /// The longest body that this request may have.
    var bodyBytesMax = AdminExchange.unusedBodyBytesMax

    init(requestID: RequestID) { self.requestID = requestID }

    /// The request as its handler sees it.
    func request(body: [UInt8], address: String) -> AdminRequest {
        AdminRequest(
            method: method,
            parameters: parameters,
            query: query,
            body: body,
            idempotencyKey: idempotencyKey,
            accept: accept,
            actor: actor,
            address: address,
            requestID: String(decoding: requestID.bytes, as: UTF8.self)
        )
    }
}
