import EventLoops
import Serving

/// Sends bytes one by one. Confined to its loop; stops when it is released or the connection closes.
final class Trickle {
    private let bytes: [UInt8]
    private let connection: ServerConnection
    private let interval: Duration
    private let onEnd: () -> Void
    private var position = 0
    private var timer: LoopTimer?

    init(
        _ bytes: [UInt8],
        over connection: ServerConnection,
        every interval: Duration,
        loop: EventLoop,
        onEnd: @escaping () -> Void
    ) {
        self.bytes = bytes
        self.connection = connection
        self.interval = interval
        self.onEnd = onEnd
        let timer = LoopTimer(loop: loop) { [unowned self] in step() }
        self.timer = timer
        timer.schedule(after: interval)
    }

    private func step() {
        guard connection.isOpen else { return }
        if position < bytes.count {
            connection.send([bytes[position]])
            position += 1
        }
        guard position < bytes.count else {
            // The owner releases this object in the call.
            return withExtendedLifetime(self) { onEnd() }
        }
        timer?.schedule(after: interval)
    }
}
