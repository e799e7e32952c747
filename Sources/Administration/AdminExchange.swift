import HTTPMessages
import Observability

/// What is kept of one request while it is read and answered. Confined to its connection.
final class AdminExchange {
    /// What a body may have that nothing is done with: one without a token, or of a method that takes none.
    static let unusedBodyBytesMax = 4 * 1024

    /// What goes back as `x-request-id`.
    let requestID: RequestID
    var method = HTTPMethod.unknown
    /// As it was sent; empty for what was no request.
    var path = ""
    /// Set for a request that is admitted.
    var route: AdminRoute?
    var parameters: [String] = []
    var query: [(name: String, value: String)] = []
    var idempotencyKey: String?
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
            actor: actor,
            address: address,
            requestID: String(decoding: requestID.bytes, as: UTF8.self)
        )
    }
}
