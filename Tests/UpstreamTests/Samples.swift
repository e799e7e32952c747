import UpstreamKeys
import Vocabulary

@testable import Upstream

/// A key whose secret is its identifier, unless another one is given.
func upstreamKey(_ id: String, secret: String? = nil) -> UpstreamKey {
    let bytes = Array((secret ?? id).utf8)
    return UpstreamKey(
        id: UpstreamKeyID(rawValue: id),
        account: AccountID(rawValue: "default"),
        secret: bytes,
        secretDigest: Digest(bytes.reduce(0) { $0 &* 31 &+ UInt64($1) }, 0, 0, 0)
    )
}

func settings(
    port: UInt16 = 443,
    isTLS: Bool = true,
    host: String = "api.documentpro.ai",
    responseTimeout: Duration = .seconds(120),
    queueTimeout: Duration = .seconds(30)
) -> UpstreamSettings {
    UpstreamSettings(
        isTLS: isTLS,
        host: host,
        port: port,
        pathPrefix: "",
        connectTimeout: .seconds(5),
        responseTimeout: responseTimeout,
        idleTimeout: .seconds(20),
        responseBytesMax: 1_000,
        gate: UpstreamGate.Limits(
            concurrencyMax: 64,
            queueMax: 1_000,
            breaker: CircuitBreaker.Settings(failures: 5, window: .seconds(10), openFor: .seconds(5))
        ),
        queueTimeout: queueTimeout
    )
}
