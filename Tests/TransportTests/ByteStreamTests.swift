import EventLoops
import Glibc
import TestSupport
import Testing
import Vocabulary

@testable import Transport

@Suite("ByteStream: bytes and back-pressure")
struct ByteStreamTests {
    @Test("several megabytes come back from an echo whole, with both ends pausing")
    func echo() throws {
        let loop = try EventLoop()
        let (near, far) = try Wire.pair()
        let (client, asking) = Wire.stream(near, loop)
        let (_, serving) = Wire.stream(far, loop, Echo.limits)
        let echo = Echo(bytes: Wire.random(8_000_000))
        echo.serve(serving)
        asking.onClose = { _ in loop.stop() }
        echo.ask(client, asking)
        loop.runToStop()
        expectEqual(asking.received, echo.bytes)
        #expect(serving.events.contains(.drained), "the echo was never congested")
        #expect(asking.events.contains(.drained), "its client was never congested")
        #expect(asking.closes == [.closedHere])
        #expect(serving.events.suffix(2) == [.end, .closed(.closedHere)])
    }

    @Test("a peer that reads nothing makes the stream congested; once it reads, the drain is told once")
    func drains() throws {
        let loop = try EventLoop()
        var limits = StreamLimits()
        (limits.highMark, limits.lowMark) = (300_000, 100_000)
        let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true, limits: limits)
        let bytes = Wire.random(2_000_000)
        #expect(!stream.isCongested)
        for start in stride(from: 0, to: bytes.count, by: 50_000) {
            stream.send(Array(bytes[start..<(start + 50_000)]))
        }
        #expect(stream.isCongested)
        #expect(stream.unsentByteCount > 1_000_000)

        let peer = try Peer(raw) { raw in
            while raw.received.count < 2_000_000, raw.receiveMore() {}
            let received = raw.received
            raw.close()
            return received
        }
        recorder.onDrain = { stream in
            #expect(stream.unsentByteCount <= limits.lowMark)
            #expect(stream.unsentByteCount > 0)
        }
        recorder.onEnd = { $0.close() }
        recorder.onClose = { _ in loop.stop() }
        loop.runToStop()
        expectEqual(try peer.result(), bytes)
        #expect(recorder.events.first == .drained)
        #expect(recorder.events.count { $0 == .drained } == 1)
    }

    @Test("heads and bodies go out in order, of any length, though the kernel takes only parts of them")
    func headsAndBodies() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true)
        var expected: [UInt8] = []
        // With its head, the third is the longest that is copied to be sent in one piece.
        let lengths = [0, 1, 4_096 - 7, 4_096 - 6, 700_000]
        for number in 0..<(2 * lengths.count) {
            let head = Array("head \(number)\n".utf8)
            let body = Wire.random(lengths[number % lengths.count])
            stream.send(head.span, body)
            expected += head + body
        }
        stream.finish()
        recorder.onClose = { _ in loop.stop() }
        let peer = try Peer(raw) { raw in
            let result = try raw.receiveToEnd()
            raw.close()
            return result.bytes
        }
        loop.runToStop()
        expectEqual(try peer.result(), expected)
    }

    @Test("what a callback leaves unconsumed is there in the next one")
    func keepsInput() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop)
        recorder.consumes = false
        recorder.onReceive = { stream in
            let count = stream.input.count
            if count < 6 { try? raw.send("def") } else { loop.stop() }
        }
        try raw.send("abc")
        loop.runToStop()
        #expect(stream.input.withBytes { span in (0..<span.count).map { span[$0] } } == Array("abcdef".utf8))
        stream.abort()
    }

    @Test("while input is paused nothing is delivered, and all of it when it goes on")
    func pauses() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop)
        stream.pauseInput()
        try raw.send("waiting")
        raw.finishSending()
        let probe = LoopTimer(loop: loop) {
            #expect(recorder.received.isEmpty)
            #expect(recorder.events.isEmpty)
            stream.resumeInput()
        }
        probe.schedule(after: .milliseconds(10))
        recorder.onEnd = { _ in loop.stop() }
        loop.runToStop()
        #expect(recorder.received == Array("waiting".utf8))
        stream.abort()
    }

    @Test("isStillOpen sees without a pass of the loop what the peer has done")
    func isStillOpen() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop)
        #expect(stream.isStillOpen())
        try raw.send("unasked")
        #expect(stream.isStillOpen())
        #expect(recorder.received == Array("unasked".utf8))
        raw.close()
        #expect(!stream.isStillOpen())
        stream.abort()
        #expect(!stream.isStillOpen())

        let (reset, _, other) = try Wire.toRaw(loop)
        other.reset()
        #expect(!reset.isStillOpen())
        reset.abort()
    }

    @Test("looking whether another connection is still open leaves the input of the callback alone")
    func lookingFromACallback() throws {
        let loop = try EventLoop()
        let (client, receiving, raw) = try Wire.toRaw(loop)
        let (idle, idling, vendor) = try Wire.toRaw(loop)
        idle.pauseInput()
        receiving.consumes = false
        receiving.onReceive = { _ in
            try? vendor.send("bytes that nobody asked for")
            idle.resumeInput()
            #expect(idle.isStillOpen())
            loop.stop()
        }
        try raw.send("request")
        loop.runToStop()
        #expect(idling.received == Array("bytes that nobody asked for".utf8))
        #expect(client.input.withBytes { span in (0..<span.count).map { span[$0] } } == Array("request".utf8))
        for stream in [client, idle] { stream.abort() }
    }
}
