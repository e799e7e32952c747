public import EventLoops
import Glibc
import Vocabulary

/// Why a name has no address.
public struct ResolveFault: Error, Sendable, CustomStringConvertible {
    public let description: String
    /// This process lacks what a look-up takes, a descriptor or memory: it says nothing of the name.
    public var isExhaustion = false
}

/// Looks up host names with getaddrinfo(3) on threads of its own, so that no loop ever waits for a name server.
///
/// Guarded: `state` holds the questions under way and the last good answers. An answer is fresh for `freshFor`. After
/// that it still serves at once, for `usableFor` since it was got, while the name is looked up again in the background:
/// so new addresses are honoured without a restart, and a name server that fails or is silent delays no caller. Only a
/// name without a usable answer is waited for, which the caller limits in time. Questions for the same name wait for
/// one look-up; a name whose server is silent leaves another thread to other names.
public final class NameResolver: Sendable {
    public typealias Answer = @Sendable (Result<[SocketAddress], ResolveFault>) -> Void
    typealias LookUp = @Sendable (_ host: String) -> Result<[SocketAddress], ResolveFault>

    private struct Known {
        var addresses: [SocketAddress]
        var since: MonotonicInstant
    }

    private struct State {
        var known: [String: Known] = [:]
        /// By the name that is being looked up, even if no one waits for it.
        var waiting: [String: [(port: UInt16, answer: Answer)]] = [:]
        var questions: [String] = []
    }

    private let state = Guarded(State())
    private let wakeUp = SystemSemaphore()
    private let freshFor: Duration
    private let usableFor: Duration
    private let namesMax = 1_000
    private let lookUp: LookUp
    private static let threadCount = 2

    /// What dialling the addresses has shown: belongs with them, and is shared as they are.
    public let history = AddressHistory()

    /// - Throws: there are no threads to be had.
    public convenience init(
        freshFor: Duration = .seconds(30),
        usableFor: Duration = .seconds(600)
    ) throws(EventLoop.Fault) {
        try self.init(freshFor: freshFor, usableFor: usableFor, lookUp: NameResolver.lookUp)
    }

    /// - Parameter lookUp: stands for getaddrinfo(3) in tests; called on the resolver's threads.
    init(freshFor: Duration, usableFor: Duration, lookUp: @escaping LookUp) throws(EventLoop.Fault) {
        self.freshFor = freshFor
        self.usableFor = usableFor
        self.lookUp = lookUp
        for number in 0..<Self.threadCount {
            _ = try SystemThread.start(name: "names \(number)") { [weak self, wakeUp] in
                while true {
                    wakeUp.wait()
                    guard let self else { return }
                    self.answerNext()
                }
            }
        }
    }

    deinit { for _ in 0..<Self.threadCount { wakeUp.signal() } }

    /// The addresses of `host`, each with `port`. `answer` is called once, on one of the resolver's threads or, for an
    /// IP literal or an answer that is still usable, before this returns.
    public func resolve(host: String, port: UInt16, then answer: @escaping Answer) {
        if let address = SocketAddress(literal: host, port: port) { return answer(.success([address])) }
        let now = SystemClock.monotonic()
        let (usable, isQuestion) = state.withLock { state -> ([SocketAddress]?, Bool) in
            let known = state.known[host]
            if let known, now - known.since < freshFor { return (known.addresses, false) }
            let isQuestion = state.waiting[host] == nil
            if isQuestion {
                state.waiting[host] = []
                state.questions.append(host)
            }
            if let known, now - known.since < usableFor { return (known.addresses, isQuestion) }
            state.waiting[host]?.append((port, answer))
            return (nil, isQuestion)
        }
        if isQuestion { wakeUp.signal() }
        if let usable { answer(.success(usable.map { $0.withPort(port) })) }
    }

    /// The addresses of `host` now, looked up on the calling thread, which waits: for programs that start.
    public static func resolveNow(host: String, port: UInt16) -> Result<[SocketAddress], ResolveFault> {
        lookUp(host).map { $0.map { $0.withPort(port) } }
    }

    /// Looks up the name that was asked about first, if there is one.
    private func answerNext() {
        guard let host = state.withLock({ $0.questions.isEmpty ? nil : $0.questions.removeFirst() }) else { return }
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
    }

    private static func lookUp(_ host: String) -> Result<[SocketAddress], ResolveFault> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = SystemCalls.streamType
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        let error = errno
        guard code == 0 else {
            let isSystem = code == EAI_SYSTEM
            let reason = isSystem ? SystemCalls.text(of: error) : unsafe String(cString: gai_strerror(code))
            let isExhaustion = code == EAI_MEMORY || (isSystem && SystemCalls.isExhaustion(error))
            return .failure(ResolveFault(description: "\(host): \(reason)", isExhaustion: isExhaustion))
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
