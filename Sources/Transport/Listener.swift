internal import CLibevent
public import EventLoops
import Glibc
import Vocabulary

/// Why a listening socket could not be made; the text names the address and what to do.
public struct ListenFault: Error, Sendable, CustomStringConvertible {
    public let description: String
}

/// Accepts connections on one loop. Confined to it.
///
/// Every worker has a listener of its own on the same address (`SO_REUSEPORT`), and the kernel spreads connections
/// over them. When the process has no descriptor left but those that are reserved for others, accepting stops and a
/// timer tries again: libevent would call at once for ever, since the connection stays in the kernel's queue.
@safe
public final class Listener {
    /// How many connections wait in the kernel at most.
    private static let queueMax: Int32 = 4096
    /// As many are accepted per wake-up, so that a storm of connections does not starve those in hand.
    private static let portion: Int32 = 64
    /// How long accepting stops when there is no descriptor for it.
    private static let retryInterval = Duration.milliseconds(100)

    private let loop: EventLoop
    private var descriptor: Int32  // owned: closed in `stop`
    private var event: OpaquePointer?  // struct event *, owned: event_free in `stop`
    private var onAccept: ((ByteStream) -> Void)?
    private var retry: LoopTimer?
    /// The last pass of the loop in which connections were accepted.
    private var lastPass: UInt64 = 0
    /// Whether connections that wait in the kernel are left to the next process.
    private let leavesQueue: Bool

    /// The address in use: with the port that the kernel chose when 0 was asked for.
    public let localAddress: SocketAddress
    /// For connections accepted from now on; nil for plain TCP.
    public var tls: TLSServerContext?
    /// For connections accepted from now on.
    public var limits: StreamLimits {
        get { sharedLimits.values }
        set { sharedLimits = SharedStreamLimits(newValue) }
    }
    private var sharedLimits = SharedStreamLimits.standard
    /// How many of the process's descriptors are left to others: with no more than these free, connections wait in the
    /// kernel.
    public var descriptorReserve = 0 {
        didSet { descriptorsMax = Int32(clamping: max(1, DescriptorLimit.current - max(0, descriptorReserve))) }
    }
    /// New descriptors get the least number that is free: one below this leaves the reserve untouched.
    private var descriptorsMax = Int32.max
    /// How often accepting had to stop because the process or the system had no descriptor left.
    public private(set) var exhaustionCount = 0

    /// Binds and listens; connections wait in the kernel until `start`.
    ///
    /// - Parameter sharesPort: true for the second and further listeners of one process on one address.
    public init(loop: EventLoop, address: SocketAddress, sharesPort: Bool) throws(ListenFault) {
        self.loop = loop
        // With SO_REUSEPORT a second process of the same user could join in unnoticed. A socket without it shows
        // whether the address is really free.
        if !sharesPort, address.port != 0 { close(try Listener.bind(address, reusesPort: false)) }
        descriptor = try Listener.bind(address, reusesPort: true)
        guard listen(descriptor, Listener.queueMax) == 0, let local = SystemCalls.localAddress(of: descriptor) else {
            close(descriptor)
            throw ListenFault(description: "\(address): listen failed: \(SystemCalls.text(of: errno))")
        }
        localAddress = local
        leavesQueue = false
    }

    /// Accepts from a socket that the process was started with; several listeners may share one.
    public init(loop: EventLoop, inheriting socket: InheritedSocket) throws(ListenFault) {
        self.loop = loop
        descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else {
            throw ListenFault(description: "\(socket.address): no descriptor: \(SystemCalls.text(of: errno))")
        }
        localAddress = socket.address
        leavesQueue = true
    }

    deinit { precondition(descriptor < 0, "stop() comes before a listener is let go") }

    private static func bind(_ address: SocketAddress, reusesPort: Bool) throws(ListenFault) -> Int32 {
        let descriptor = SystemCalls.streamSocket(family: address.family)
        guard descriptor >= 0 else {
            throw ListenFault(description: "\(address): no socket: \(SystemCalls.text(of: errno))")
        }
        _ = SystemCalls.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if reusesPort { _ = SystemCalls.setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        // Accepted sockets inherit it: a reply is one write, and must not wait for the peer's ACK of the previous one.
        SystemCalls.sendAtOnce(descriptor)
        if address.family == AF_INET6 { _ = SystemCalls.setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        guard unsafe address.withSockaddr({ unsafe Glibc.bind(descriptor, $0, $1) }) == 0 else {
            let error = errno
            close(descriptor)
            let hint = error == EADDRINUSE ? "; stop the program that listens there or choose another port" : ""
            throw ListenFault(description: "\(address): cannot listen: \(SystemCalls.text(of: error))\(hint)")
        }
        return descriptor
    }

    /// Accepts connections from now on, until `stop`.
    public func start(onAccept: @escaping (ByteStream) -> Void) {
        self.onAccept = onAccept
        // Unretained is enough: `stop`, which comes before deinit, frees the event in this loop.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe event = loop.withBase { base in
            unsafe event_new(
                base,
                descriptor,
                Int16(EV_READ | EV_PERSIST),
                { _, _, context in
                    unsafe Unmanaged<Listener>.fromOpaque(context!).takeUnretainedValue().acceptReady()
                },
                context
            )
        }
        listenOn()
    }

    /// Accepts what waits in the kernel's queue, so that no connection that the kernel has made is reset, then closes.
    /// The queue of an inherited socket is left to the next process that has it.
    public func stop() {
        guard descriptor >= 0 else { return }
        var portions = leavesQueue ? 0 : Listener.queueMax / Listener.portion
        while portions > 0, onAccept != nil, accept() { portions -= 1 }
        onAccept = nil
        retry = nil
        if unsafe event != nil { unsafe event_free(event) }
        unsafe event = nil
        close(descriptor)
        descriptor = -1
    }

    private func listenOn() {
        guard unsafe event != nil else { return }
        // epoll_ctl(2) can lack memory or watches, as accept4(2) can lack descriptors: both may come back.
        if unsafe event_add(event, nil) != 0 { pause() }
    }

    /// Listens on if the next connection leaves the reserve untouched.
    private func listenOnIfThereIsRoom() {
        let free = SystemCalls.leastFreeDescriptor(beside: descriptor)
        if free >= 0, free < descriptorsMax { return listenOn() }
        retry?.schedule(after: Listener.retryInterval)
    }

    private func pause() {
        exhaustionCount += 1
        if unsafe event != nil { _ = unsafe event_del(event) }
        let timer = retry ?? LoopTimer(loop: loop) { [unowned self] in listenOnIfThereIsRoom() }
        retry = timer
        timer.schedule(after: Listener.retryInterval)
    }

    /// Accepts what waits, one connection alone when none came in the last pass: most often there is no second one, and
    /// a call finds that out. If there is one, the next pass comes at once, and takes all.
    private func acceptReady() {
        let isBusy = loop.passCount &- lastPass <= 1
        lastPass = loop.passCount
        accept(atMost: isBusy ? Listener.portion : 1)
    }

    /// Accepts one portion; true when more may wait.
    @discardableResult
    private func accept(atMost count: Int32 = Listener.portion) -> Bool {
        for _ in 0..<count {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            var peer: SocketAddress?
            let accepted = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
                let pointer = unsafe bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                let accepted = unsafe tollgate_accept4(descriptor, pointer, &length, flags)
                if accepted >= 0 { unsafe peer = SocketAddress(sockaddr: UnsafeRawPointer(pointer)) }
                return accepted
            }
            guard accepted >= 0 else {
                if pauseIfExhausted(errno) { return false }
                continue
            }
            open(accepted, peer)
            if accepted >= descriptorsMax - 1 {
                pause()
                return false
            }
        }
        return true
    }

    /// False when accepting can go on at once.
    private func pauseIfExhausted(_ error: Int32) -> Bool {
        switch error {
        case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH: return false
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            pause()
            return true
        default: return true
        }
    }

    private func open(_ accepted: Int32, _ peer: SocketAddress?) {
        onAccept?(ByteStream(owning: accepted, loop: loop, peer: peer, limits: sharedLimits, tls: nil, accepting: tls))
    }
}
