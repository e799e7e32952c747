import EventLoops
import Glibc
import Vocabulary

/// Why a name has no address.
public struct ResolveFault: Error, Sendable, CustomStringConvertible {
    public let description: String
}

/// Looks up host names with getaddrinfo(3) on a thread of its own, so that no loop ever waits for a name server.
///
/// Guarded: `state` holds the questions under way and the last good answers. An answer is used for `freshFor`, so that
/// new addresses are honoured without a restart; when a look-up fails, the last good answer serves for `usableFor`
/// after it was got. Questions for the same name wait for one look-up.
public final class NameResolver: Sendable {
    public typealias Answer = @Sendable (Result<[SocketAddress], ResolveFault>) -> Void
    typealias LookUp = @Sendable (_ host: String) -> Result<[SocketAddress], ResolveFault>

    private struct Known {
        var addresses: [SocketAddress]
        var since: MonotonicInstant
    }

    private struct State {
        var known: [String: Known] = [:]
        var waiting: [String: [(port: UInt16, answer: Answer)]] = [:]
        var questions: [String] = []
    }

    private let state = Guarded(State())
    private let wakeUp = SystemSemaphore()
    private let freshFor: Duration
    private let usableFor: Duration
    private let namesMax = 1_000
    private let lookUp: LookUp

    public convenience init(freshFor: Duration = .seconds(30), usableFor: Duration = .seconds(600)) {
        self.init(freshFor: freshFor, usableFor: usableFor, lookUp: NameResolver.lookUp)
    }

    /// - Parameter lookUp: stands for getaddrinfo(3) in tests; called on the resolver's thread.
    init(freshFor: Duration, usableFor: Duration, lookUp: @escaping LookUp) {
        self.freshFor = freshFor
        self.usableFor = usableFor
        self.lookUp = lookUp
        _ = SystemThread.start(name: "names") { [weak self, wakeUp] in
            while true {
                wakeUp.wait()
                guard let self, self.answerNext() else { return }
            }
        }
    }

    deinit { wakeUp.signal() }

    /// The addresses of `host`, each with `port`. `answer` is called once, on the resolver's thread or, for an IP
    /// literal or a fresh answer, before this returns.
    public func resolve(host: String, port: UInt16, then answer: @escaping Answer) {
        if let address = SocketAddress(literal: host, port: port) { return answer(.success([address])) }
        let now = SystemClock.monotonic()
        let fresh: [SocketAddress]? = state.withLock { state in
            if let known = state.known[host], now - known.since < freshFor { return known.addresses }
            state.waiting[host, default: []].append((port, answer))
            if state.waiting[host]!.count == 1 { state.questions.append(host) }
            return nil
        }
        if let fresh { answer(.success(fresh.map { $0.withPort(port) })) } else { wakeUp.signal() }
    }

    /// The addresses of `host` now, looked up on the calling thread, which waits: for programs that start.
    public static func resolveNow(host: String, port: UInt16) -> Result<[SocketAddress], ResolveFault> {
        lookUp(host).map { $0.map { $0.withPort(port) } }
    }

    /// Looks up one name; false when there is nothing to do any more, ever.
    private func answerNext() -> Bool {
        guard let host = state.withLock({ $0.questions.isEmpty ? nil : $0.questions.removeFirst() }) else {
            return true
        }
        let looked = lookUp(host)
        let now = SystemClock.monotonic()
        let (answers, result) = state.withLock { state -> ([(port: UInt16, answer: Answer)], _) in
            var result = looked
            switch looked {
            case .success(let addresses):
                if state.known.count >= namesMax { state.known.removeAll() }
                state.known[host] = Known(addresses: addresses, since: now)
            case .failure:
                if let known = state.known[host], now - known.since < usableFor { result = .success(known.addresses) }
            }
            return (state.waiting.removeValue(forKey: host) ?? [], result)
        }
        for (port, answer) in answers { answer(result.map { $0.map { $0.withPort(port) } }) }
        return true
    }

    private static func lookUp(_ host: String) -> Result<[SocketAddress], ResolveFault> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = SystemCalls.streamType
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            let reason = unsafe String(cString: gai_strerror(code))
            return .failure(ResolveFault(description: "\(host): \(reason)"))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = unsafe list
        while let found = unsafe entry {
            if let raw = unsafe found.pointee.ai_addr,
                let address = unsafe SocketAddress(sockaddr: UnsafeRawPointer(raw)),
                !addresses.contains(address)
            {
                addresses.append(address)
            }
            unsafe entry = found.pointee.ai_next
        }
        guard !addresses.isEmpty else { return .failure(ResolveFault(description: "\(host): no address")) }
        return .success(addresses)
    }
}
