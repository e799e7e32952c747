import UpstreamKeys

extension ErrorReply {
    /// For a failure on the way to the vendor: `docs/api.md` §3.
    init(_ failure: UpstreamFailure) {
        self.init(
            failure.status,
            failure.code.errorCode,
            failure.clientMessage,
            retryAfterSeconds: failure.retryAfterSeconds
        )
    }
}
