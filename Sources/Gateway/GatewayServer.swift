import EventLoops
public import Transport
import Vocabulary

/// The workers of one gateway, from start to drain.
///
/// Guarded by being used from the program's main loop only: `start`, then any number of `replace`, then `drain` and
/// perhaps `cut`. Workers answer through closures that post back to that loop.
public final class GatewayServer {
    private let workers: [LoopThread]
    private let mailboxes: [Mailbox<WorkerMessage>]

    /// The address where clients connect, with the actual port if 0 was requested.
    public let address: SocketAddress

    private init(workers: [LoopThread], mailboxes: [Mailbox<WorkerMessage>], address: SocketAddress) {
        self.workers = workers
        self.mailboxes = mailboxes
        self.address = address
    }

    /// The reason why a gateway could not start; names the member of the configuration if one is at fault.
    public struct StartFault: Error, CustomStringConvertible {
        public let description: String
    }

    /// Starts the workers and accepts connections.
    ///
    /// - Parameters:
    ///   - workerCount: the number of threads, each with its loop; at least 1, and one for each inherited socket.
    ///   - address: bound by the first worker; the others share its port. Without effect when sockets were inherited.
    ///   - sockets: those that the process was started with. The workers take them in turn; several may share one.
    public static func start(
        rooms: SharedRooms,
        settings: GatewaySettings,
        workerCount: Int,
        address: SocketAddress,
        inheriting sockets: [InheritedSocket] = []
    ) throws(StartFault) -> GatewayServer {
        precondition(workerCount >= max(1, sockets.count), "a socket without a worker")
        var threads: [LoopThread] = []
        var starting: [Started] = []
        var address = sockets.first?.address ?? address
        do throws(StartFault) {
            for index in 0..<workerCount {
                let thread = try startThread(index)
                threads.append(thread)
                let socket = sockets.isEmpty ? nil : sockets[index % sockets.count]
                let started = try startWorker(
                    index,
                    on: thread,
                    rooms: rooms,
                    settings: settings,
                    address: address,
                    socket: socket
                )
                if sockets.isEmpty { address = started.address }
                starting.append(started)
            }
        } catch {
            stop(threads, starting)
            throw error
        }
        let mailboxes = starting.map(\.mailbox)
        rooms.workers.withLock { $0 = mailboxes }
        for (thread, started) in zip(threads, starting) {
            thread.post { _ in
                started.worker.value.mailboxes = mailboxes
                started.worker.value.start()
            }
        }
        return GatewayServer(workers: threads, mailboxes: mailboxes, address: address)
    }

    /// A worker that is bound to its address but does not accept yet.
    private struct Started: Sendable {
        let worker: LoopBound<Worker>
        let mailbox: Mailbox<WorkerMessage>
        let address: SocketAddress
    }

    private static func startThread(_ index: Int) throws(StartFault) -> LoopThread {
        do throws(EventLoop.Fault) { return try LoopThread.start(name: "worker \(index)") { _ in } } catch {
            throw StartFault(description: error.description)
        }
    }

    /// Undoes a start that failed halfway: ends its workers, which have accepted no connection yet.
    private static func stop(_ threads: [LoopThread], _ starting: [Started]) {
        for (index, thread) in threads.enumerated() {
            let started = index < starting.count ? starting[index] : nil
            thread.post { loop in
                started?.worker.value.server.listener.stop()
                loop.stop()
            }
            thread.join()
        }
    }

    private static func startWorker(
        _ index: Int,
        on thread: LoopThread,
        rooms: SharedRooms,
        settings: GatewaySettings,
        address: SocketAddress,
        socket: InheritedSocket?
    ) throws(StartFault) -> Started {
        let answer = Handover<Result<Started, StartFault>>()
        thread.post { loop in
            do throws(StartFault) {
                let worker = try Worker(
                    index: index,
                    loop: loop,
                    rooms: rooms,
                    settings: settings,
                    address: address,
                    socket: socket
                )
                answer.give(.success(try started(worker)))
            } catch {
                answer.give(.failure(error))
            }
        }
        return try answer.take().get()
    }

    private static func started(_ worker: Worker) throws(StartFault) -> Started {
        do throws(EventLoop.Fault) {
            // The mailbox keeps the worker alive, and `mailboxes` of the server keeps the mailbox.
            let mailbox = try Mailbox<WorkerMessage>(loop: worker.loop) { worker.receive($0) }
            let bound = LoopBound(worker, loop: worker.loop)
            return Started(worker: bound, mailbox: mailbox, address: worker.server.listener.localAddress)
        } catch {
            worker.server.listener.stop()
            throw StartFault(description: error.description)
        }
    }

    /// Applies new settings from each worker's next request on; no connection is dropped.
    ///
    /// - Parameter then: called on a worker's thread once every worker uses them.
    public func replace(_ settings: GatewaySettings, then: @escaping @Sendable () -> Void = {}) {
        let remaining = RemainingCount(mailboxes.count)
        for mailbox in mailboxes {
            mailbox.post(.settings(settings, then: { if remaining.decrement() == 0 { then() } }))
        }
    }

    /// Asks all workers for the last requests of this node.
    ///
    /// - Parameter then: called on a worker's thread with at most a thousand, newest first.
    public func recentRequests(then: @escaping @Sendable ([RecentRequest]) -> Void) {
        let remaining = RemainingCount(mailboxes.count)
        let requests = Guarded<[RecentRequest]>([])
        for mailbox in mailboxes {
            mailbox.post(
                .recentRequests(then: { some in
                    requests.withLock { $0 += some }
                    guard remaining.decrement() == 0 else { return }
                    then(RecentRequest.newest(RequestTrail.countMax, of: requests.withLock { $0 }))
                })
            )
        }
    }

    /// Asks every worker for a sign of life.
    ///
    /// - Parameter then: called on a worker's thread when the last one has answered; never if one hangs.
    public func ping(then: @escaping @Sendable () -> Void) {
        let remaining = RemainingCount(mailboxes.count)
        for mailbox in mailboxes {
            mailbox.post(.ping(then: { if remaining.decrement() == 0 { then() } }))
        }
    }

    /// From now on `/readyz` says that the gateway drains. All else goes on as before, until `drain`.
    public func announceDrain() {
        for mailbox in mailboxes { mailbox.post(.announceDrain) }
    }

    /// Stops accepting connections and lets the requests under way finish.
    ///
    /// - Parameter then: called on a worker's thread when the last worker has nothing left.
    public func drain(then: @escaping @Sendable () -> Void) {
        let remaining = RemainingCount(mailboxes.count)
        for mailbox in mailboxes {
            mailbox.post(.drain(then: { if remaining.decrement() == 0 { then() } }))
        }
    }

    /// Cuts a drain short: waiting clients are answered 503 `draining`, reservations of calls that were not sent are
    /// released, and the other calls become unconfirmed. The drain's own `then` is called as usual.
    ///
    /// - Parameter then: called on a worker's thread when all workers have done so; the store may still be writing.
    public func cut(then: @escaping @Sendable () -> Void) {
        let remaining = RemainingCount(mailboxes.count)
        for mailbox in mailboxes {
            mailbox.post(.cut(then: { if remaining.decrement() == 0 { then() } }))
        }
    }
}

/// Counts down to zero over several threads. Guarded.
private final class RemainingCount: Sendable {
    private let count: Guarded<Int>

    init(_ count: Int) { self.count = Guarded(count) }

    func decrement() -> Int {
        count.withLock { count in
            count -= 1
            return count
        }
    }
}
