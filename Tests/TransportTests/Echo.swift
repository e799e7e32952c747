@testable import Transport

/// Sends bytes one way and has them sent back, with back-pressure at both ends. Confined to the streams' loop.
struct Echo {
    /// Low marks, that are reached soon.
    static var limits: StreamLimits {
        var limits = StreamLimits()
        (limits.highMark, limits.lowMark) = (50_000, 10_000)
        return limits
    }

    let bytes: [UInt8]
    /// How much a send hands over at most.
    var portion = 100_000

    /// Makes the recorder's stream an echo that reads no more while its own output is congested.
    func serve(_ recorder: Recorder) {
        var echoed = 0
        recorder.onReceive = { stream in
            stream.send(Array(recorder.received[echoed...]))
            echoed = recorder.received.count
            if stream.isCongested { stream.pauseInput() }
        }
        recorder.onDrain = { $0.resumeInput() }
        recorder.onEnd = { $0.finish() }
    }

    /// Makes `client` send all, pausing while it is congested, and end when all has come back.
    ///
    /// It reads in every second pass only, so that the echo becomes congested too.
    func ask(_ client: ByteStream, _ recorder: Recorder) {
        var sent = 0
        func sendOn(_ stream: ByteStream) {
            while sent < bytes.count, !stream.isCongested {
                let end = min(bytes.count, sent + portion)
                stream.send(Array(bytes[sent..<end]))
                sent = end
            }
        }
        recorder.onDrain = sendOn
        recorder.onReceive = { stream in
            if recorder.received.count == bytes.count { return stream.finish() }
            stream.pauseInput()
            stream.loop.later { stream.loop.later { stream.resumeInput() } }
        }
        sendOn(client)
    }
}
