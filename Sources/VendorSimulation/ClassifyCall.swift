import Vocabulary

/// A request to classify as it arrived.
struct ClassifyCall: Sendable {
    /// The value of `x-api-key`; nil without one.
    var key: String?
    /// The value of `x-request-id`.
    var requestID: String?
    var body: [UInt8]
    /// The connection must end after the reply.
    var closes = false
    /// When it arrived.
    var now: Timestamp
}
