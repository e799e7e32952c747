import EventLoops
import Glibc
import Serving
import TestSupport
import Transport
import Vocabulary

/// A server with `SampleHandler`s on its own loop. Guarded: `perform` reaches the state that is confined to the loop.
final class ServingBench: Sendable {
    struct Counts {
        /// The sizes of what handlers were given, in order.
        var pieces: [Int] = []
        var piecesLargest = 0
        var bytesReceived = 0
        var bytesSent = 0
        var abandoned = 0
        var ended = 0
        var kept = 0
    }

    /// What handlers record for the test. Confined to the loop, except the counts.
    final class Shelf {
        var kept: [SampleHandler] = []
        private let noted: Noted

        fileprivate init(_ noted: Noted) { self.noted = noted }

        func keep(_ handler: SampleHandler) {
            kept.append(handler)
            noted.counts.withLock { $0.kept += 1 }
        }

        func notePiece(_ count: Int) {
            noted.counts.withLock {
                $0.pieces.append(count)
                $0.piecesLargest = max($0.piecesLargest, count)
                $0.bytesReceived += count
            }
        }

        func noteSent(_ count: Int) { noted.counts.withLock { $0.bytesSent += count } }

        func noteAbandoned() { noted.counts.withLock { $0.abandoned += 1 } }

        func noteEnded() { noted.counts.withLock { $0.ended += 1 } }
    }

    /// Guarded.
    fileprivate final class Noted: Sendable { let counts = Guarded(Counts()) }

    private struct Opened: Sendable {
        let server: LoopBound<HTTPServer>
        let shelf: LoopBound<Shelf>
        let port: UInt16
    }

    private let thread: LoopThread
    private let opened: Opened
    private let noted = Noted()

    static let limits = ServingLimits(pipelinedBytesMax: 64 * 1024)

    init(_ limits: ServingLimits = ServingBench.limits) throws {
        signal(SIGPIPE, SIG_IGN)
        let ready = Handover<Opened>()
        let noted = self.noted
        thread = try LoopThread.start(name: "serving") { loop in
            do throws(ListenFault) {
                let address = SocketAddress(ip: [127, 0, 0, 1], port: 0)
                let server = try HTTPServer(loop: loop, address: address, limits: limits)
                let shelf = Shelf(noted)
                server.start { SampleHandler($0, bench: shelf) }
                let port = server.listener.localAddress.port
                ready.give(
                    Opened(server: LoopBound(server, loop: loop), shelf: LoopBound(shelf, loop: loop), port: port)
                )
            } catch { preconditionFailure(error.description) }
        }
        opened = ready.take()
    }

    deinit {
        thread.post { [opened] loop in
            opened.server.value.stop()
            loop.stop()
        }
        thread.join()
    }

    /// Runs `action` in the loop and waits for it.
    func perform(_ action: @escaping @Sendable (HTTPServer) -> Void) {
        let done = Handover<Bool>()
        thread.post { [opened] _ in
            action(opened.server.value)
            done.give(true)
        }
        _ = done.take()
    }

    /// Runs `action` in the caller's thread while the loop stands still.
    func pausing(_ action: () throws -> Void) rethrows {
        let (hasBegun, mayGoOn) = (Handover<Bool>(), Handover<Bool>())
        thread.post { _ in
            hasBegun.give(true)
            _ = mayGoOn.take()
        }
        _ = hasBegun.take()
        defer { mayGoOn.give(true) }
        try action()
    }

    func connect(receiveBuffer: Int32? = nil) throws -> RawConnection {
        try RawConnection(port: opened.port, receiveBuffer: receiveBuffer)
    }

    // MARK: Handlers' notes

    var counts: Counts { noted.counts.withLock { $0 } }

    /// Waits until the handlers' notes satisfy `condition`.
    func wait(until condition: (Counts) -> Bool) throws {
        let deadline = Deadline.generous
        while !condition(counts) {
            guard !deadline.hasPassed else { throw TestFailure("in vain: \(counts)") }
            usleep(1_000)
        }
    }

    /// Continues the first kept request.
    func release() {
        perform { [opened] _ in opened.shelf.value.kept.removeFirst().release() }
    }
}
