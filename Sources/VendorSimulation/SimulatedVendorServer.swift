import EventLoops
import Glibc
public import Transport
import Vocabulary

/// The simulated vendor as a server on its own thread.
///
/// Guarded: only `isStopped` changes here; everything else belongs to the thread's loop. Safe to use from any thread
/// but that one. `stop()` must be called before it is released.
///
/// The path of a request: `VendorConnection` parses it, `VendorDesk` asks `SimulatedVendor` for the answer and the
/// charge, waits as planned, has the charge booked and written, and returns the reply. Paths under `/sim/` are control
/// calls (`ControlCall`).
public final class SimulatedVendorServer: Sendable {
    /// Why the server could not be started; names the address or the file.
    public struct Fault: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// Where it listens, with the port that the system chose.
    public let address: SocketAddress
    /// The additional address for control calls, if requested.
    public let controlAddress: SocketAddress?
    /// `http://127.0.0.1:8080`, what a client puts before `/v1/classify`.
    public let url: String
    private let thread: LoopThread
    private let premises: LoopBound<VendorPremises>
    private let isStopped = Guarded(false)

    private init(_ thread: LoopThread, _ opened: VendorPremises.Opened, isTLS: Bool) {
        self.thread = thread
        premises = opened.premises
        address = opened.address
        controlAddress = opened.controlAddress
        url = "\(isTLS ? "https" : "http")://\(opened.address)"
    }

    /// Starts a server; it accepts connections when this returns.
    public static func start(_ options: SimulatedVendorOptions) throws(Fault) -> SimulatedVendorServer {
        // A reply to a peer that is gone must fail with EPIPE, not end the process.
        signal(SIGPIPE, SIG_IGN)
        let outcome = Handover<Result<VendorPremises.Opened, Fault>>()
        let thread: LoopThread
        do throws(EventLoop.Fault) {
            thread = try LoopThread.start(name: "vendor-sim") { loop in
                let result = Result { () throws(Fault) in try VendorPremises.open(options, loop: loop) }
                if case .failure = result { loop.stop() }
                outcome.give(result)
            }
        } catch {
            throw Fault(description: error.description)
        }
        switch outcome.take() {
        case .success(let opened): return SimulatedVendorServer(thread, opened, isTLS: options.tls != nil)
        case .failure(let fault):
            thread.join()
            throw fault
        }
    }

    /// Resets all connections and ends the thread. Calls after the first do nothing.
    public func stop() {
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        thread.post { [premises] loop in
            premises.value.close()
            loop.stop()
        }
        thread.join()
    }
}
