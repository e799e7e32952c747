import EventLoops
import Glibc
import Synchronization
import Vocabulary

/// Reads the files that a configuration names, whatever they are, within limits of size and time.
///
/// A file on a mount that does not answer blocks its reader, possibly for ever, so each is read by a thread of its own:
/// when that does not come back in time, it is left to itself. Confined to one reading of a configuration, whose
/// files share the time.
final class FileReading {
    /// What all files of a configuration may take together.
    static let patience = Duration.seconds(5)
    /// How many threads may be left to themselves; beyond it no more files are read.
    private static let lostMax = 32
    private static let lost = Atomic<Int>(0)

    enum Failure: Error, Equatable {
        /// Not there, not for this user, or a folder.
        case unreadable
        /// A pipe, a socket or a device.
        case notRegular
        case tooLong
        case slow
    }

    struct Content: Sendable, Equatable {
        var bytes: [UInt8]
        /// Of the file itself, behind any symbolic links.
        var othersMayRead: Bool
    }

    private enum State: Sendable {
        case reading
        case done(Outcome)
        case left
    }

    private var timeLeft: Duration
    /// The files that were read, as they were then.
    private(set) var states: FileStates = [:]

    init(patience: Duration = FileReading.patience) { timeLeft = patience }

    /// Waits for the content, or for the time to be over.
    func read(_ path: String, bytesMax: Int) throws(Failure) -> Content {
        let known = states[path]
        states[path] = .unknown
        guard timeLeft > .zero, Self.lost.load(ordering: .relaxed) < Self.lostMax else { throw .slow }
        let state = Guarded(State.reading)
        let ended = SystemSemaphore()
        let begin = SystemClock.monotonic()
        let work: @Sendable () -> Void = {
            let outcome = Self.readNow(path, bytesMax: bytesMax)
            let wasLeft = state.withLock { state in
                defer { state = .done(outcome) }
                if case .left = state { return true }
                return false
            }
            if wasLeft { Self.lost.subtract(1, ordering: .relaxed) }
            ended.signal()
        }
        do throws(EventLoop.Fault) { _ = try SystemThread.start(name: "read file", work) } catch { throw .unreadable }
        _ = ended.wait(atMost: timeLeft)
        timeLeft = max(.zero, timeLeft - (SystemClock.monotonic() - begin))
        let outcome = state.withLock { state in
            if case .done(let outcome) = state { return outcome }
            state = .left
            return Outcome(result: .failure(.slow), state: .unknown)
        }
        if case .failure(.slow) = outcome.result {
            Self.lost.add(1, ordering: .relaxed)
            timeLeft = .zero
        }
        // A file that was replaced between two readings is in no state that both have seen.
        states[path] = known == nil || known == outcome.state ? outcome.state : .unknown
        return try outcome.result.get()
    }

    /// Leaves a file out of `states`.
    func forget(_ path: String) { states[path] = nil }

    private struct Outcome: Sendable {
        var result: Result<Content, Failure>
        var state: FileState
    }

    private static func readNow(_ path: String, bytesMax: Int) -> Outcome {
        // Without O_NONBLOCK, opening a pipe waits for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            let failure = errno == ENXIO ? Failure.notRegular : .unreadable
            return Outcome(result: .failure(failure), state: FileState(of: path))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return Outcome(result: .failure(.unreadable), state: .unknown) }
        return Outcome(result: content(descriptor, status, bytesMax: bytesMax), state: FileState(status))
    }

    private static func content(_ descriptor: Int32, _ status: stat, bytesMax: Int) -> Result<Content, Failure> {
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: return .failure(.unreadable)
        default: return .failure(.notRegular)
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= bytesMax {
            let count = Glibc.read(descriptor, &piece, min(piece.count, bytesMax + 1 - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failure(.unreadable) }
            if count == 0 { return .success(Content(bytes: bytes, othersMayRead: status.st_mode & S_IROTH != 0)) }
            bytes += piece.prefix(count)
        }
        return .failure(.tooLong)
    }
}
