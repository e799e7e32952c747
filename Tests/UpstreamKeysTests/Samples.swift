import Vocabulary

@testable import UpstreamKeys

/// A number of milliseconds after the start of a test's own time.
func instant(_ milliseconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: milliseconds * 1_000_000) }

/// The same on both clocks; a test's own time begins in 1970.
func moment(_ milliseconds: Int64) -> Moment {
    Moment(steady: instant(milliseconds), wall: Timestamp(microseconds: milliseconds * 1_000))
}

/// A key whose secret is its identifier, unless another one is given.
func upstreamKey(
    _ id: String,
    account: String = "default",
    secret: String? = nil,
    weight: Int = 1,
    notBefore: Int64? = nil,
    notAfter: Int64? = nil,
    operatorState: UpstreamKey.OperatorState = .active
) -> UpstreamKey {
    let bytes = Array((secret ?? id).utf8)
    var key = UpstreamKey(
        id: UpstreamKeyID(rawValue: id),
        account: AccountID(rawValue: account),
        secret: bytes,
        secretDigest: Digest(bytes.reduce(0) { $0 &* 31 &+ UInt64($1) }, 0, 0, 0),
        weight: weight,
        notBefore: notBefore.map { Timestamp(microseconds: $0 * 1_000) },
        notAfter: notAfter.map { Timestamp(microseconds: $0 * 1_000) }
    )
    key.operatorState = operatorState
    return key
}

func limits(concurrencyMax: Int = 64, queueMax: Int = 1_000, breakerFailures: Int = 5) -> UpstreamGate.Limits {
    UpstreamGate.Limits(
        concurrencyMax: concurrencyMax,
        queueMax: queueMax,
        breaker: CircuitBreaker.Settings(failures: breakerFailures, window: .seconds(10), openFor: .seconds(5))
    )
}
