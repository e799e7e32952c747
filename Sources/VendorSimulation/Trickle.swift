import EventLoops
import Transport

/// Sends bytes one by one. Confined to its loop; stops when it is let go or the stream is gone.
final class Trickle {
    private let bytes: [UInt8]
    private let stream: ByteStream
    private let interval: Duration
    private let onEnd: () -> Void
    private var position = 0
    private var timer: LoopTimer?

    init(
        _ bytes: [UInt8],
        over stream: ByteStream,
        every interval: Duration,
        loop: EventLoop,
        onEnd: @escaping () -> Void
    ) {
        self.bytes = bytes
        self.stream = stream
        self.interval = interval
        self.onEnd = onEnd
        let timer = LoopTimer(loop: loop) { [unowned self] in step() }
        self.timer = timer
        timer.schedule(after: interval)
    }

    private func step() {
        guard stream.isOpen else { return }
        if position < bytes.count {
            stream.send([bytes[position]])
            position += 1
        }
        guard position < bytes.count else {
            // The owner lets go of this object in the call.
            return withExtendedLifetime(self) { onEnd() }
        }
        timer?.schedule(after: interval)
    }
}
