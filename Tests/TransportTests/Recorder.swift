import Testing
import Transport

/// A delegate that notes all it is told and hands it on to a test's closures. Confined to the stream's loop.
final class Recorder: StreamDelegate {
    enum Event: Equatable {
        case end, drained, lost
        case closed(StreamEnd)
    }

    private(set) var received: [UInt8] = []
    private(set) var events: [Event] = []
    /// Whether `received` takes what comes; else it stays in the stream's buffer.
    var consumes = true
    var onReceive: (ByteStream) -> Void = { _ in }
    var onEnd: (ByteStream) -> Void = { _ in }
    var onDrain: (ByteStream) -> Void = { _ in }
    var onClose: (ByteStream) -> Void = { _ in }
    var onOpen: (ByteStream) -> Void = { _ in }
    private var isCalling = false

    var closes: [StreamEnd] {
        events.compactMap { event in
            if case .closed(let cause) = event { cause } else { nil }
        }
    }

    /// Calls out, so that a close that is told from within shows.
    func call(_ body: () -> Void) {
        let before = isCalling
        isCalling = true
        body()
        isCalling = before
    }

    func streamDidOpen(_ stream: ByteStream) { call { onOpen(stream) } }

    func streamDidLoseInput(_ stream: ByteStream) {
        events.append(.lost)
    }

    func streamDidReceive(_ stream: ByteStream) {
        #expect(!stream.input.isEmpty)
        if consumes {
            stream.input.withBytes { span in span.withUnsafeBytes { received += $0 } }
            stream.input.consume(stream.input.count)
        }
        call { onReceive(stream) }
    }

    func streamDidReceiveEnd(_ stream: ByteStream) {
        #expect(stream.hasInputEnded)
        events.append(.end)
        call { onEnd(stream) }
    }

    func streamDidDrain(_ stream: ByteStream) {
        events.append(.drained)
        call { onDrain(stream) }
    }

    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        #expect(!isCalling, "the close was told from within a call that the delegate makes")
        #expect(!stream.isOpen)
        events.append(.closed(cause))
        onClose(stream)
    }
}
