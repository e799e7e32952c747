internal import CLibevent
public import EventLoops
import Glibc
import Vocabulary

/// Why no connection could be made. Nothing was sent in any of these cases.
public struct DialFault: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        case refused, timedOut, unreachable
        /// This process or machine lacks what a connection takes: a descriptor, a port, memory. It says nothing of the
        /// other side.
        case exhausted
        case tls(TLSFault.Code)
    }

    public let code: Code
    public let detail: String

    public var description: String { detail }
}

/// Makes connections to others. Confined to its loop.
public final class Dialer {
    private let loop: EventLoop
    private let history: AddressHistory

    /// - Parameter history: what is known of addresses, and learned by dialling them.
    public init(loop: EventLoop, history: AddressHistory) {
        self.loop = loop
        self.history = history
    }

    /// One that knows nothing of any address yet.
    public convenience init(loop: EventLoop) { self.init(loop: loop, history: AddressHistory()) }

    /// Tries the addresses in turn until one takes the connection and, with `tls`, proves to be `serverName`.
    ///
    /// Each has a share of the time, its handshake included (`DialPlan`); those that failed the last time come last. A
    /// certificate that is not accepted, or a version of TLS that is not spoken, ends the attempt: another address of
    /// the same name is not less in doubt.
    ///
    /// - Parameters:
    ///   - timeout: for everything together, the handshakes included.
    ///   - then: called once, in a later pass, unless the attempt is cancelled before.
    @discardableResult
    public func dial(
        _ addresses: [SocketAddress],
        serverName: String,
        tls: TLSClientContext?,
        timeout: Duration,
        then: @escaping (Result<ByteStream, DialFault>) -> Void
    ) -> DialAttempt {
        let plan = DialPlan(history.order(addresses), whole: timeout)
        let attempt = DialAttempt(
            loop: loop,
            history: history,
            plan: plan,
            serverName: serverName,
            tls: tls,
            deadline: loop.now + timeout,
            then: then
        )
        attempt.begin()
        return attempt
    }
}

/// One attempt to connect, which keeps itself alive until it has ended. Confined to its loop.
@safe
public final class DialAttempt {
    private let loop: EventLoop
    private let history: AddressHistory
    private var plan: DialPlan
    private let serverName: String
    private let tls: TLSClientContext?
    private let deadline: MonotonicInstant
    private var then: ((Result<ByteStream, DialFault>) -> Void)?
    /// The one that is being tried.
    private var address: SocketAddress?
    private var descriptor: Int32 = -1  // owned while connecting
    private var event: OpaquePointer?  // struct event *, owned: event_free in `stopWaiting`
    private var timer: LoopTimer?
    private var stream: ByteStream?
    /// How the attempt ended, until that is told in a later pass.
    private var result: Result<ByteStream, DialFault>?
    private var lastFault: DialFault?

    init(
        loop: EventLoop,
        history: AddressHistory,
        plan: DialPlan,
        serverName: String,
        tls: TLSClientContext?,
        deadline: MonotonicInstant,
        then: @escaping (Result<ByteStream, DialFault>) -> Void
    ) {
        self.loop = loop
        self.history = history
        self.plan = plan
        self.serverName = serverName
        self.tls = tls
        self.deadline = deadline
        self.then = then
    }

    /// Ends the attempt without calling back.
    public func cancel() {
        guard then != nil else { return }
        then = nil
        stopWaiting()
        stream?.abort()
        stream = nil
        if case .success(let unwanted) = result { unwanted.abort() }
        result = nil
        timer = nil
    }

    func begin() {
        // The timer holds the attempt, and the attempt the timer, until it ends.
        timer = LoopTimer(loop: loop) { [self] in shareIsOver() }
        timer?.schedule(at: deadline)
        loop.later { [self] in tryNext() }
    }

    // MARK: One address after the other

    private func tryNext() {
        guard then != nil, result == nil else { return }
        guard let (address, share) = plan.next(left: deadline - loop.now) else {
            let none = DialFault(code: .unreachable, detail: "the name has no address")
            return end(.failure(lastFault ?? none))
        }
        self.address = address
        timer?.schedule(at: loop.now + share)
        descriptor = SystemCalls.streamSocket(family: address.family)
        guard descriptor >= 0 else {
            let error = errno
            // Without a family (EAFNOSUPPORT) another address may do; without a descriptor none does.
            if SystemCalls.isExhaustion(error) { return end(.failure(exhausted("socket", error))) }
            return failed(error)
        }
        SystemCalls.sendAtOnce(descriptor)
        if unsafe address.withSockaddr({ unsafe connect(descriptor, $0, $1) }) == 0 { return connected() }
        guard errno == EINPROGRESS || errno == EINTR else { return failed(errno) }
        waitForConnect()
    }

    /// The address has used up its share of the time, while connecting or in the handshake.
    private func shareIsOver() {
        guard then != nil, result == nil else { return }
        stopWaiting()
        let stalled = stream
        stream = nil
        stalled?.abort()
        note(.timedOut, "no connection in the time for it")
        tryNext()
    }

    private func waitForConnect() {
        // Unretained is enough: the timer's closure holds the attempt until `end` or `cancel`, which free the event.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe event = loop.withBase { base in
            unsafe event_new(
                base,
                descriptor,
                Int16(EV_WRITE),
                { _, _, context in
                    unsafe Unmanaged<DialAttempt>.fromOpaque(context!).takeUnretainedValue().connectEnded()
                },
                context
            )
        }
        // epoll_ctl(2): no memory, or more watched than /proc/sys/fs/epoll/max_user_watches allows.
        guard unsafe event != nil, unsafe event_add(event, nil) == 0 else {
            return end(.failure(exhausted("epoll_ctl", errno)))
        }
    }

    private func connectEnded() {
        let error = SystemCalls.pendingError(of: descriptor)
        if error == 0 { connected() } else { failed(error) }
    }

    private func failed(_ error: Int32) {
        stopWaiting()
        let code: DialFault.Code =
            switch error {
            case ECONNREFUSED: .refused
            case ETIMEDOUT: .timedOut
            case _ where SystemCalls.isExhaustion(error): .exhausted
            default: .unreachable
            }
        note(code, SystemCalls.text(of: error))
        tryNext()
    }

    /// Keeps what is told if no other address does better. That this side has no port for one address does not excuse
    /// another one that refuses.
    private func note(_ code: DialFault.Code, _ what: String) {
        guard let address else { return }
        guard code != .exhausted else {
            lastFault = lastFault ?? DialFault(code: code, detail: "\(address): \(what)")
            return
        }
        lastFault = DialFault(code: code, detail: "\(address): \(what)")
        history.failed(address)
    }

    private func exhausted(_ call: String, _ error: Int32) -> DialFault {
        DialFault(code: .exhausted, detail: "\(call): \(SystemCalls.text(of: error))")
    }

    private func connected() {
        guard let address else { return }
        let owned = descriptor
        descriptor = -1
        stopWaiting()
        guard let tls else {
            history.worked(address)
            return end(
                .success(ByteStream(owning: owned, loop: loop, peer: address, limits: .standard, tls: nil))
            )
        }
        guard let session = unsafe TLSSession(context: tls.context, descriptor: owned, serverName: serverName) else {
            close(owned)
            let detail = "no TLS session for the name \(serverName)"
            return end(.failure(DialFault(code: .tls(.protocolError), detail: detail)))
        }
        let stream = ByteStream(
            owning: owned,
            loop: loop,
            peer: address,
            limits: .standard,
            tls: session
        ) { [weak self] fault in
            self?.handshakeEnded(fault)
        }
        self.stream = stream
        stream.startHandshake()
    }

    private func handshakeEnded(_ fault: TLSFault?) {
        guard let stream, let address else { return }
        self.stream = nil
        guard let fault else {
            history.worked(address)
            return end(.success(stream))
        }
        note(.tls(fault.code), fault.detail)
        switch fault.code {
        case .certificateExpired, .certificateWrongHost, .certificateUntrusted, .protocolVersion:
            end(.failure(DialFault(code: .tls(fault.code), detail: fault.detail)))
        case .protocolError: tryNext()
        }
    }

    private func stopWaiting() {
        if unsafe event != nil { unsafe event_free(event) }
        unsafe event = nil
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func end(_ result: Result<ByteStream, DialFault>) {
        guard then != nil, self.result == nil else { return }
        self.result = result
        stopWaiting()
        stream?.abort()
        stream = nil
        // Told in a later pass, and the time-out no longer counts.
        timer?.cancel()
        loop.later { [self] in
            guard let then else { return }
            self.then = nil
            self.result = nil
            timer = nil
            then(result)
        }
    }
}
