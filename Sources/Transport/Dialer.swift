internal import CLibevent
public import EventLoops
import Glibc
import Vocabulary

/// Why no connection could be made. Nothing was sent in any of these cases.
public struct DialFault: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        case refused, timedOut, unreachable, noDescriptor
        case tls(TLSFault.Code)
    }

    public let code: Code
    public let detail: String

    public var description: String { detail }
}

/// Makes connections to others. Confined to its loop.
public final class Dialer {
    private let loop: EventLoop

    public init(loop: EventLoop) { self.loop = loop }

    /// Tries the addresses in turn until one takes the connection and, with `tls`, proves to be `serverName`.
    ///
    /// A failure of TLS ends the attempt: another address of the same name is not less in doubt.
    ///
    /// - Parameters:
    ///   - timeout: for everything together, the handshake included.
    ///   - then: called once, in a later pass, unless the attempt is cancelled before.
    @discardableResult
    public func dial(
        _ addresses: [SocketAddress],
        serverName: String,
        tls: TLSClientContext?,
        timeout: Duration,
        then: @escaping (Result<ByteStream, DialFault>) -> Void
    ) -> DialAttempt {
        let attempt = DialAttempt(loop: loop, addresses: addresses, serverName: serverName, tls: tls, then: then)
        attempt.begin(timeout: timeout)
        return attempt
    }
}

/// One attempt to connect, which keeps itself alive until it has ended. Confined to its loop.
@safe
public final class DialAttempt {
    private let loop: EventLoop
    private let addresses: ArraySlice<SocketAddress>
    private let serverName: String
    private let tls: TLSClientContext?
    private var then: ((Result<ByteStream, DialFault>) -> Void)?
    private var next: Int
    private var descriptor: Int32 = -1  // owned while connecting
    private var event: OpaquePointer?  // struct event *, owned: event_free in `stopWaiting`
    private var timer: LoopTimer?
    private var stream: ByteStream?
    /// How the attempt ended, until that is told in a later pass.
    private var result: Result<ByteStream, DialFault>?
    private var lastFault = DialFault(code: .unreachable, detail: "the name has no address")

    init(
        loop: EventLoop,
        addresses: [SocketAddress],
        serverName: String,
        tls: TLSClientContext?,
        then: @escaping (Result<ByteStream, DialFault>) -> Void
    ) {
        self.loop = loop
        self.addresses = addresses[...]
        self.serverName = serverName
        self.tls = tls
        self.then = then
        next = self.addresses.startIndex
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

    func begin(timeout: Duration) {
        // The timer holds the attempt, and the attempt the timer, until it ends.
        timer = LoopTimer(loop: loop) { [self] in
            end(.failure(DialFault(code: .timedOut, detail: "no connection within \(timeout)")))
        }
        timer?.schedule(after: timeout)
        loop.later { [self] in connectNext() }
    }

    private func connectNext() {
        guard then != nil, result == nil else { return }
        guard next < addresses.endIndex else { return end(.failure(lastFault)) }
        let address = addresses[next]
        next += 1
        descriptor = SystemCalls.streamSocket(family: address.family)
        guard descriptor >= 0 else {
            return end(.failure(DialFault(code: .noDescriptor, detail: "socket: \(SystemCalls.text(of: errno))")))
        }
        _ = SystemCalls.setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        if unsafe address.withSockaddr({ unsafe connect(descriptor, $0, $1) }) == 0 { return connected(to: address) }
        guard errno == EINPROGRESS || errno == EINTR else { return failed(at: address, errno) }
        waitForConnect()
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
        let result = unsafe event_add(event, nil)
        precondition(result == 0, "event_add of a connecting socket")
    }

    private func connectEnded() {
        let address = addresses[next - 1]
        let error = SystemCalls.pendingError(of: descriptor)
        if error == 0 { connected(to: address) } else { failed(at: address, error) }
    }

    private func failed(at address: SocketAddress, _ error: Int32) {
        stopWaiting()
        let code: DialFault.Code =
            switch error {
            case ECONNREFUSED: .refused
            case ETIMEDOUT: .timedOut
            default: .unreachable
            }
        lastFault = DialFault(code: code, detail: "\(address): \(SystemCalls.text(of: error))")
        connectNext()
    }

    private func connected(to address: SocketAddress) {
        let owned = descriptor
        descriptor = -1
        stopWaiting()
        guard let tls else {
            return end(
                .success(ByteStream(owning: owned, loop: loop, peer: address, limits: StreamLimits(), tls: nil))
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
            limits: StreamLimits(),
            tls: session
        ) { [weak self] fault in
            self?.handshakeEnded(fault)
        }
        self.stream = stream
        stream.startHandshake()
    }

    private func handshakeEnded(_ fault: TLSFault?) {
        guard let stream else { return }
        self.stream = nil
        if let fault {
            end(.failure(DialFault(code: .tls(fault.code), detail: fault.detail)))
        } else {
            end(.success(stream))
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
        loop.later { [self] in
            guard let then else { return }
            self.then = nil
            self.result = nil
            timer = nil
            then(result)
        }
    }
}
