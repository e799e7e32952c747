import UpstreamKeys

extension ErrorReply {
    /// The contract's words for a failure of the way to the vendor.
    init(_ failure: UpstreamFailure) {
        self.init(
            failure.status,
            failure.code.errorCode,
            failure.clientMessage,
            retryAfterSeconds: failure.retryAfterSeconds
        )
    }
}
