import EventLoops
import Glibc
import TestSupport
import Testing
import Vocabulary

@testable import Transport

@Suite("ByteStream: the end")
struct ByteStreamEndTests {
    @Test("a peer that has sent its FIN still gets the whole reply, then ours")
    func halfClose() throws {
        let loop = try EventLoop()
        let (_, recorder, raw) = try Wire.toRaw(loop, isSmall: true)
        let reply = Wire.random(1_000_000)
        recorder.onEnd = { stream in
            stream.send(reply)
            stream.finish()
        }
        recorder.onClose = { _ in loop.stop() }
        let peer = try Peer(raw) { raw in
            try raw.send("request")
            raw.finishSending()
            let result = try raw.receiveToEnd()
            return (result.bytes, result.end)
        }
        loop.runToStop()
        let (bytes, end) = try peer.result()
        #expect(recorder.received == Array("request".utf8))
        #expect(recorder.events == [.end, .closed(.closedHere)])
        expectEqual(bytes, reply)
        #expect(end == .finished)
    }

    @Test("a lingering close lets a peer that goes on sending read the reply, without a reset")
    func lingers() throws {
        let loop = try EventLoop()
        let (_, recorder, raw) = try Wire.toRaw(loop)
        recorder.consumes = false
        recorder.onReceive = { stream in
            stream.send(Array("refused".utf8))
            stream.finish()
            #expect(!stream.isOpen)
        }
        recorder.onClose = { _ in loop.stop() }
        let peer = try Peer(raw) { raw in
            let sent = try raw.sendWhatIsTaken([UInt8](repeating: 1, count: 4_000_000))
            let result = try raw.receiveToEnd()
            raw.close()
            return (sent, result.bytes, result.end)
        }
        loop.runToStop()
        let (sent, bytes, end) = try peer.result()
        #expect(sent == 4_000_000)
        #expect(bytes == Array("refused".utf8))
        #expect(end == .finished)
        #expect(recorder.events == [.closed(.closedHere)])
    }

    @Test("a lingering close drops so many bytes, and no more")
    func lingerBytes() throws {
        let loop = try EventLoop()
        var limits = StreamLimits()
        limits.lingerBytesMax = 100_000
        let (stream, recorder, raw) = try Wire.toRaw(loop, limits: limits)
        stream.finish()
        recorder.onClose = { _ in loop.stop() }
        let peer = try Peer(raw) { raw in try raw.sendWhatIsTaken([UInt8](repeating: 1, count: 64_000_000)) }
        loop.runToStop()
        #expect(try peer.result() < 64_000_000)
        #expect(recorder.events == [.closed(.closedHere)])
    }

    @Test("a lingering close ends after its time, though the peer does nothing")
    func lingerTime() throws {
        let loop = try EventLoop()
        var limits = StreamLimits()
        limits.lingerTimeout = .milliseconds(30)
        let (stream, recorder, raw) = try Wire.toRaw(loop, limits: limits)
        let start = SystemClock.monotonic()
        stream.send(Array("last".utf8))
        stream.finish()
        recorder.onClose = { _ in loop.stop() }
        loop.runToStop()
        #expect(SystemClock.monotonic() - start >= .milliseconds(29))
        #expect(recorder.events == [.closed(.closedHere)])
        #expect(try raw.receiveToEnd().bytes == Array("last".utf8))
    }

    @Test("close sends what waits and ends without waiting for the peer")
    func closes() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true)
        let bytes = Wire.random(1_000_000)
        stream.send(bytes)
        stream.close()
        stream.send(Array("too late".utf8))
        recorder.onClose = { _ in loop.stop() }
        let peer = try Peer(raw) { raw in try raw.receiveToEnd() }
        loop.runToStop()
        let result = try peer.result()
        expectEqual(result.bytes, bytes)
        #expect(result.end == .finished)
        #expect(recorder.events.filter { $0 != .drained } == [.closed(.closedHere)])
    }

    @Test("what the delegate sends when the stream has drained goes out, though it ends the stream at once")
    func sendsWhenDrained() throws {
        let loop = try EventLoop()
        var limits = StreamLimits()
        // Told only when nothing waits any more.
        (limits.highMark, limits.lowMark) = (1_000, 0)
        let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true, limits: limits)
        let bytes = Wire.random(2_000_000)
        recorder.onDrain = { stream in
            stream.send(Array(bytes[1_000_000...]))
            stream.finish()
        }
        recorder.onClose = { _ in loop.stop() }
        stream.send(Array(bytes[..<1_000_000]))
        let peer = try Peer(raw) { raw in
            let result = try raw.receiveToEnd()
            raw.close()
            return result.bytes
        }
        loop.runToStop()
        let received = try peer.result()
        #expect(received.count == bytes.count)
        expectEqual(received, bytes)
    }

    @Test("a peer that takes nothing for the write time-out is closed, in whatever state the stream is")
    func stalls() throws {
        for end in [nil, ByteStream.finish, ByteStream.close] as [((ByteStream) -> () -> Void)?] {
            let loop = try EventLoop()
            var limits = StreamLimits()
            limits.writeTimeout = .milliseconds(50)
            let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true, limits: limits)
            stream.send([UInt8](repeating: 1, count: 8_000_000))
            end?(stream)()
            recorder.onClose = { _ in loop.stop() }
            loop.runToStop()
            #expect(recorder.events == [.closed(.stalled)])
            raw.close()
        }
    }

    @Test("a peer that takes a little within each time-out is served on, though the kernel's buffer stays full")
    func slow() throws {
        let loop = try EventLoop()
        var limits = StreamLimits()
        limits.writeTimeout = .milliseconds(500)
        let (descriptor, raw) = try Wire.descriptors(isSmall: true)
        _ = SystemCalls.setOption(descriptor, SOL_SOCKET, SO_SNDBUF, 200_000)
        let (stream, recorder) = Wire.stream(descriptor, loop, limits)
        stream.send([UInt8](repeating: 1, count: 8_000_000))
        let unsent = stream.unsentByteCount
        var (reads, timer) = (0, LoopTimer?.none)
        timer = LoopTimer(loop: loop) {
            reads += 1
            _ = raw.receiveMore(.after(.milliseconds(1)))
            if reads < 8 { timer?.schedule(after: .milliseconds(250)) }
        }
        timer?.schedule(after: .milliseconds(250))
        recorder.onClose = { _ in loop.stop() }
        loop.runToStop()
        // It ends only when nothing is taken any more.
        #expect(reads == 8 && recorder.events == [.closed(.stalled)])
        #expect(raw.received.count > 0 && raw.received.count < 100_000 && unsent > 7_000_000)
        timer = nil
        raw.close()
    }

    @Test("a peer that takes nothing gets no more time because more is sent")
    func stallsWhileSending() throws {
        let loop = try EventLoop()
        var limits = StreamLimits()
        limits.writeTimeout = .milliseconds(200)
        let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true, limits: limits)
        stream.send([UInt8](repeating: 1, count: 8_000_000))
        var sends = 0
        var timer: LoopTimer?
        timer = LoopTimer(loop: loop) {
            sends += 1
            if sends == 100 { return loop.stop() }
            stream.send([1])
            timer?.schedule(after: .milliseconds(20))
        }
        timer?.schedule(after: .milliseconds(20))
        recorder.onClose = { _ in loop.stop() }
        loop.runToStop()
        #expect(recorder.events == [.closed(.stalled)])
        #expect(sends < 100)
        timer = nil
        stream.abort()
        raw.close()
    }

    @Test("abort resets the connection and drops what waits")
    func aborts() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true)
        stream.send([UInt8](repeating: 1, count: 1_000_000))
        recorder.onClose = { _ in loop.stop() }
        stream.abort()
        #expect(!stream.isOpen)
        #expect(stream.unsentByteCount == 0)
        #expect(recorder.events.isEmpty)
        loop.runToStop()
        #expect(recorder.events == [.closed(.closedHere)])
        #expect(try raw.receiveToEnd().end == .reset)
    }

    @Test("a reset by the peer is told with its errno, reading or writing")
    func peerResets() throws {
        let loop = try EventLoop()
        let (_, reading, raw) = try Wire.toRaw(loop)
        reading.onClose = { _ in loop.stop() }
        raw.reset()
        loop.runToStop()
        #expect(reading.events == [.closed(.reset(ECONNRESET))])

        let again = try EventLoop()
        let (stream, writing, other) = try Wire.toRaw(again)
        stream.pauseInput()
        other.reset()
        writing.onClose = { _ in again.stop() }
        stream.send([1])
        again.runToStop()
        #expect(writing.closes == [.reset(ECONNRESET)] || writing.closes == [.reset(EPIPE)])
    }

    enum Ending: CaseIterable { case abort, close, finish, send }

    @Test(
        "the close is told once, in a later pass, whatever ends the stream within a callback",
        arguments: Ending.allCases
    )
    func toldOnce(ending: Ending) throws {
        let loop = try EventLoop()
        let (_, recorder, raw) = try Wire.toRaw(loop)
        weak var gone: ByteStream?
        recorder.onReceive = { stream in
            gone = stream
            switch ending {
            case .abort: stream.abort()
            case .close: stream.close()
            case .finish: stream.finish()
            case .send:
                raw.reset()
                stream.send([1])
            }
            // None of these does anything any more.
            stream.abort()
            stream.close()
            stream.finish()
            stream.abort()
            stream.send([1])
            stream.resumeInput()
        }
        let end = LoopTimer(loop: loop) { loop.stop() }
        recorder.onClose = { _ in end.schedule(after: .milliseconds(10)) }
        try raw.send("request")
        loop.runToStop()
        #expect(recorder.closes.count == 1)
        #expect(recorder.events.count == 1)
        #expect(gone == nil, "the stream outlives its end")
    }

    @Test("an open connection lives by itself, and lets go of its delegate at its end")
    func livesByItself() throws {
        let loop = try EventLoop()
        weak var delegate: Recorder?
        let raw: RawConnection
        do {
            let (_, recorder, connection) = try Wire.toRaw(loop)
            raw = connection
            delegate = recorder
            recorder.onEnd = { $0.close() }
            recorder.onClose = { _ in loop.stop() }
        }
        #expect(delegate != nil)
        raw.close()
        loop.runToStop()
        #expect(delegate == nil)
    }

    @Test("a call from another thread traps")
    func otherThread() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            nonisolated(unsafe) let loop = try EventLoop()
            try SystemThread.start(name: "other") {
                _ = ByteStream(owning: 0, loop: loop, peer: nil, limits: .standard, tls: nil)
            }
            .join()
        }
        let text = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) }
        #expect(text?.contains("outside the loop's thread") == true)
    }
}
