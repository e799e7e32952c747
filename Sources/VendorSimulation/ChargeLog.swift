import EventLoops
import Glibc

/// The file to which every charge is written, and synchronised to disk, before its reply goes out.
///
/// Confined to its loop, which it blocks while it writes: no reply may overtake its charge, and this is a simulator.
/// Charges of one pass of the loop share one fdatasync(2). Lines are appended, so that a restarted vendor continues the
/// file.
final class ChargeLog {
    private let loop: EventLoop
    private let descriptor: Int32  // owned: closed in deinit
    private var waiting: [UInt8] = []
    private var thens: [(Bool) -> Void] = []

    init(path: String, loop: EventLoop) throws(SimulatedVendorServer.Fault) {
        self.loop = loop
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SimulatedVendorServer.Fault(description: "\(path): cannot be opened for appending: errno \(errno)")
        }
    }

    deinit { close(descriptor) }

    /// Calls `then` in this pass or at its end, with whether the line is on disk.
    func append(_ line: String, then: @escaping (Bool) -> Void) {
        waiting += Array(line.utf8)
        thens.append(then)
        if thens.count == 1 { loop.later { [self] in flush() } }
    }

    private func flush() {
        let isWritten = write(waiting) && fdatasync(descriptor) == 0
        waiting.removeAll(keepingCapacity: true)
        let thens = self.thens
        self.thens = []
        for then in thens { then(isWritten) }
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + position, $0.count - position)
            }
            if count > 0 { position += count } else if errno != EINTR { return false }
        }
        return true
    }
}
