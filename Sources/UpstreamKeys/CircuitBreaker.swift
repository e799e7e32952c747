import Vocabulary

/// A circuit breaker: stops requests to a vendor that fails repeatedly, and probes when it works again. Pure: no clock,
/// no lock.
///
/// - closed: requests go out. `failures` failures within the window, with no success between them, open it.
/// - open: no request goes out until `openFor` has passed.
/// - half-open: one real request goes out as a probe. Its success closes the breaker, its failure opens it again; if it
///   says nothing about the vendor's health (any 4xx), the next request is a probe.
///
/// A request that went out before the breaker opened may end long after: it then says nothing new about the vendor or
/// the probe, and does not count. So each request carries the era in which it was let out; a new era begins with the
/// first probe after the breaker opened.
public struct CircuitBreaker: Sendable {
    public struct Settings: Sendable, Equatable {
        /// The number of consecutive failures that opens it; at least 1.
        public var failures: Int
        public var window: Duration
        public var openFor: Duration

        public init(failures: Int, window: Duration, openFor: Duration) {
            self.failures = failures
            self.window = window
            self.openFor = openFor
        }
    }

    /// What the breaker does with the next request.
    public enum Phase: String, Sendable, CaseIterable {
        case closed
        case open
        case halfOpen = "half_open"
    }

    /// What the end of a request says about the vendor's health.
    public enum Sign: Sendable { case success, failure, neutral }

    /// The era of a request that went out; handed back to `record` when the request ends.
    struct Permit: Sendable, Equatable { fileprivate let era: Int }

    enum Admission: Equatable { case go(Permit), refused(until: MonotonicInstant) }

    private enum State {
        case closed(failedAt: [MonotonicInstant])
        case open(until: MonotonicInstant)
        case halfOpen(probeIsOut: Bool, until: MonotonicInstant)
    }

    private(set) var settings: Settings
    private var state = State.closed(failedAt: [])
    private var era = 0

    init(_ settings: Settings) { self.settings = settings }

    mutating func replace(_ settings: Settings) { self.settings = settings }

    var isClosed: Bool {
        switch state {
        case .closed: true
        case .open, .halfOpen: false
        }
    }

    /// The phase that the next request would meet: an open breaker counts as half-open once its time has passed, even
    /// before a request comes.
    func phase(at now: MonotonicInstant) -> Phase {
        switch state {
        case .closed: .closed
        case .open(let until): now < until ? .open : .halfOpen
        case .halfOpen: .halfOpen
        }
    }

    /// Whether a request may go out now. An admitted request must be recorded when it ends.
    mutating func admit(at now: MonotonicInstant) -> Admission {
        switch state {
        case .closed: return .go(Permit(era: era))
        case .open(let until):
            guard now >= until else { return .refused(until: until) }
            era += 1
            return sendProbe(now)
        case .halfOpen(let probeIsOut, let until):
            return probeIsOut ? .refused(until: max(until, now)) : sendProbe(now)
        }
    }

    private mutating func sendProbe(_ now: MonotonicInstant) -> Admission {
        state = .halfOpen(probeIsOut: true, until: now + settings.openFor)
        return .go(Permit(era: era))
    }

    /// A request that was admitted has ended.
    mutating func record(_ sign: Sign, of permit: Permit, at now: MonotonicInstant) {
        guard permit.era == era else { return }
        switch (state, sign) {
        case (.closed, .success): state = .closed(failedAt: [])
        case (.closed(let failedAt), .failure): countFailure(failedAt, now)
        case (.halfOpen, .success): state = .closed(failedAt: [])
        case (.halfOpen, .failure): state = .open(until: now + settings.openFor)
        case (.halfOpen(_, let until), .neutral): state = .halfOpen(probeIsOut: false, until: until)
        case (.open, _), (.closed, .neutral): break
        }
    }

    private mutating func countFailure(_ failedAt: [MonotonicInstant], _ now: MonotonicInstant) {
        let recent = failedAt.filter { now - $0 <= settings.window } + [now]
        state = recent.count >= settings.failures ? .open(until: now + settings.openFor) : .closed(failedAt: recent)
    }
}
