internal import CLibevent
import Glibc
public import Vocabulary

/// A loop over libevent's `event_base` (epoll): waits for readiness, timers, signals and messages and calls back.
///
/// Confined to the thread that made it, which also runs it; what is confined to a loop checks that
/// with `preconditionInLoop()`. It lives as long as anything that is registered with it. One pass is one
/// `epoll_wait` with the callbacks of all that became ready, then what was put off with `later`.
@safe
public final class EventLoop {
    private let base: OpaquePointer  // struct event_base *, owned: event_base_free in deinit
    private let thread: pthread_t
    private var isStopping = false
    private var deferred: [Deferred] = []
    private var running: [Deferred] = []
    private var monotonicCache: MonotonicInstant?
    private var wallCache: Timestamp?
    var timers = TimerHeap()
    private(set) var timerEvent: OpaquePointer?  // struct event *, owned: event_free in deinit
    /// When `timerEvent` fires; `distantFuture` for never.
    var timersAwaited = MonotonicInstant.distantFuture
    /// Whether a timer's callback may be on the stack.
    var firesTimers = false
    /// How many passes were begun: it tells whether two callbacks belong to passes that follow each other.
    public private(set) var passCount: UInt64 = 0

    /// 64 KiB to read from a descriptor into: lent to one callback at a time, and void after it. With it,
    /// a connection whose requests are answered within the callback that read them never owns a buffer.
    public let scratch: UnsafeMutableRawBufferPointer

    /// 16 KiB, the most that a TLS record holds, in which a reply's parts are gathered; lent as `scratch` is.
    public let outputScratch: UnsafeMutableRawBufferPointer

    /// What was put off. A type of its own, since an array of bare closures has each in a box besides.
    private struct Deferred { let run: () -> Void }

    /// Why a loop, a mailbox or a thread could not be made: which call failed, why, and what to do.
    public struct Fault: Error, CustomStringConvertible {
        public let description: String

        init(description: String) { self.description = description }

        /// - Parameters:
        ///   - call: with the section of its manual page.
        ///   - error: as `errno` says it.
        init(call: StaticString, error: Int32) {
            let reason = unsafe String(cString: strerror(error))
            let remedy = error == EMFILE ? "; raise the limit of open files (ulimit -n, LimitNOFILE)" : ""
            description = "\(call): \(reason)\(remedy)"
        }
    }

    /// epoll_create1(2) takes one descriptor and libevent's pair for signals two; one is to spare.
    private static let descriptorsNeeded = 4

    public init() throws(Fault) {
        try Self.checkDescriptors()
        guard let config = unsafe event_config_new() else { throw Fault(description: "event_config_new: no memory") }
        defer { unsafe event_config_free(config) }
        // No lock: nothing but the loop's own thread ever touches its base; messages come by eventfd.
        _ = unsafe event_config_set_flag(config, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue))
        guard let base = unsafe event_base_new_with_config(config) else {
            throw Fault(description: "event_base_new_with_config: no epoll or no memory")
        }
        unsafe self.base = base
        thread = pthread_self()
        unsafe scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 64)
        unsafe outputScratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 64)
        // Unretained is enough: deinit frees the event.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe timerEvent = event_new(
            base,
            -1,
            0,
            { _, _, context in
                unsafe Unmanaged<EventLoop>.fromOpaque(context!).takeUnretainedValue().fireTimers()
            },
            context
        )
    }

    /// libevent ends the process when it finds no descriptor for its pair, so they are tried for before it is asked.
    private static func checkDescriptors() throws(Fault) {
        var tried: [Int32] = []
        defer { for descriptor in tried { close(descriptor) } }
        for _ in 0..<descriptorsNeeded {
            let descriptor = eventfd(0, Int32(EFD_CLOEXEC))
            guard descriptor >= 0 else { throw Fault(call: "an event loop: eventfd(2)", error: errno) }
            tried.append(descriptor)
        }
    }

    deinit {
        unsafe event_free(timerEvent)
        unsafe event_base_free(base)
        unsafe scratch.deallocate()
        unsafe outputScratch.deallocate()
    }

    /// Runs passes until `stop()`. Returns at once if the loop was stopped before.
    public func run() {
        preconditionInLoop()
        while !isStopping {
            monotonicCache = nil
            wallCache = nil
            passCount &+= 1
            if unsafe event_base_loop(base, EVLOOP_ONCE | (deferred.isEmpty ? 0 : EVLOOP_NONBLOCK)) < 0 {
                preconditionFailure("event_base_loop failed: \(errno)")
            }
            runDeferred()
        }
    }

    /// Runs a loop that was stopped, until the next `stop()`.
    public func runAgain() {
        isStopping = false
        run()
    }

    /// Ends `run()` after the pass that is under way.
    public func stop() {
        preconditionInLoop()
        isStopping = true
    }

    /// Runs `action` after the callbacks of this pass: what must not happen inside the caller's own call, such as
    /// letting go of the object that calls.
    public func later(_ action: @escaping () -> Void) {
        preconditionInLoop()
        deferred.append(Deferred(run: action))
    }

    private func runDeferred() {
        // What these put off in turn runs in the next pass, so that no chain of them keeps others waiting.
        guard !deferred.isEmpty else { return }
        swap(&deferred, &running)
        // By index: an iterator would hold each once more.
        for index in running.indices { running[index].run() }
        running.removeAll(keepingCapacity: true)
    }

    /// The monotonic clock, read once a pass. Nothing in a pass takes long enough to matter to a time-out.
    public var now: MonotonicInstant {
        if let monotonicCache { return monotonicCache }
        let now = SystemClock.monotonic()
        monotonicCache = now
        return now
    }

    /// The wall clock, read once a pass.
    public var wallClock: Timestamp {
        if let wallCache { return wallCache }
        let now = SystemClock.wall()
        wallCache = now
        return now
    }

    /// Traps when called from another thread than the loop's own.
    @inline(__always)
    public func preconditionInLoop() {
        precondition(pthread_equal(thread, pthread_self()) != 0, "called from outside the loop's thread")
    }

    /// As `preconditionInLoop`, in debug builds alone: for what every hit passes.
    @inlinable @inline(__always)
    public func assertInLoop() {
        #if DEBUG
        preconditionInLoop()
        #endif
    }

    /// Lends the `struct event_base *` to this room and to Transport, which make their events with it.
    public func withBase<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        preconditionInLoop()
        return unsafe body(base)
    }
}
