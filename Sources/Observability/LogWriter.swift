import EventLoops
import Glibc
import Vocabulary

/// Writes log lines to a descriptor from a thread of its own, through a bounded buffer.
///
/// Guarded: `state` holds the lines not yet taken by the thread; the thread swaps them for its empty buffer, so that
/// in steady state nothing is allocated and no caller waits for the disk. What does not fit into the buffer, or is not
/// taken by the descriptor, is dropped and counted, and the count is written as a line of its own when there is room
/// again (`LineOutput`). SIGPIPE and SIGXFSZ are the program's to ignore.
public final class LogWriter: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        /// Since the thread took the last lines.
        var dropped = 0
        /// Since the start.
        var droppedAltogether: Int64 = 0
        var isClosed = false
        var isIdle = true
        var flushes: [SystemSemaphore] = []
    }

    private let state = Guarded(State())
    private let wakeUp = SystemSemaphore()
    private let descriptor: Int32
    private let bytesMax: Int
    private let delayMicroseconds: UInt32

    /// - Parameters:
    ///   - descriptor: stays the caller's; it is not closed.
    ///   - bytesMax: the most that waits to be written.
    ///   - delay: how long lines are gathered, so that one write takes many.
    /// - Throws: the system gives no thread.
    public init(
        descriptor: Int32,
        bytesMax: Int = 4 * 1024 * 1024,
        delay: Duration = .milliseconds(20)
    ) throws(LogWriterFault) {
        self.descriptor = descriptor
        self.bytesMax = bytesMax
        let attoseconds = delay.components.attoseconds / 1_000_000_000_000
        delayMicroseconds = UInt32(clamping: delay.components.seconds * 1_000_000 + attoseconds)
        // The thread keeps this object until `close` makes it end.
        do throws(EventLoop.Fault) {
            _ = try SystemThread.start(name: "log") { self.run() }
        } catch {
            throw LogWriterFault(description: "for the log, \(error)")
        }
    }

    /// Puts one line, with its line feed, into the buffer; drops it when there is no room. Any thread; never waits.
    public func append(_ line: Span<UInt8>) {
        let wasIdle = state.withLock { state in
            guard !state.isClosed, state.waiting.count + line.count <= bytesMax else {
                state.dropped += 1
                state.droppedAltogether += 1
                return false
            }
            line.withUnsafeBufferPointer { state.waiting.append(contentsOf: $0) }
            defer { state.isIdle = false }
            return state.isIdle
        }
        if wasIdle { wakeUp.signal() }
    }

    /// How many lines were given up since the start. Any thread.
    public var droppedCount: Int64 { state.withLock { $0.droppedAltogether } }

    /// Returns when everything that was appended before is written, or cannot be.
    public func flush() {
        let written = SystemSemaphore()
        let mustWait = state.withLock { state in
            guard !state.isClosed else { return false }
            state.flushes.append(written)
            return true
        }
        guard mustWait else { return }
        wakeUp.signal()
        written.wait()
    }

    /// Writes what waits and ends the thread, which has no more to do with the descriptor when this returns; lines
    /// appended later are dropped.
    public func close() {
        let written = SystemSemaphore()
        let mustWait = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = true
            state.flushes.append(written)
            return true
        }
        guard mustWait else { return }
        wakeUp.signal()
        written.wait()
    }

    private func run() {
        var taken: [UInt8] = []
        var output = LineOutput()
        while true {
            wakeUp.wait()
            // A pause gathers the lines of many requests for one write, unless a flush waits for them.
            if delayMicroseconds > 0, state.withLock({ $0.flushes.isEmpty && !$0.isClosed }) {
                usleep(delayMicroseconds)
            }
            let (flushes, dropped, isClosed) = state.withLock { state in
                swap(&state.waiting, &taken)
                state.isIdle = true
                defer {
                    state.flushes = []
                    state.dropped = 0
                }
                return (state.flushes, state.dropped, state.isClosed)
            }
            output.lose(dropped)
            let lostBefore = output.lostAltogether
            output.send(taken) { write($0) }
            let lost = output.lostAltogether - lostBefore
            if lost > 0 { state.withLock { $0.droppedAltogether += Int64(lost) } }
            taken.removeAll(keepingCapacity: taken.capacity <= 1 << 20)
            for flush in flushes { flush.signal() }
            if isClosed { return }
        }
    }

    /// Writes some of the bytes; 0 when the reader is gone or the disk is full, which must not stop the gateway.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        while true {
            let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return count }
            switch errno {
            case EAGAIN:
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, 1_000)
            case EINTR: break
            default: return 0
            }
        }
    }
}

/// Why nothing can write the log.
public struct LogWriterFault: Error, CustomStringConvertible {
    public let description: String
}
