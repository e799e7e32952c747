import EventLoops
import Glibc
import TestSupport
import Testing
import Vocabulary

@testable import Transport

@Suite("ByteStream over TLS")
struct TLSStreamTests {
    @Test("several megabytes come back from an echo whole, with both ends pausing", arguments: TLSVersion.spoken)
    func echo(version: TLSVersion) throws {
        let loop = try EventLoop()
        let (client, server) = try TLSBench(version).pair(loop, limits: Echo.limits)
        let echo = Echo(bytes: Wire.random(6_000_000))
        echo.serve(server.1)
        server.1.onClose = { _ in if client.1.closes.count == 1 { loop.stop() } }
        client.1.onClose = { _ in if server.1.closes.count == 1 { loop.stop() } }
        echo.ask(client.0, client.1)
        loop.runToStop()
        expectEqual(client.1.received, echo.bytes)
        expectEqual(server.1.received, echo.bytes)
        #expect(server.1.events.contains(.drained), "the echo was never congested")
        #expect(client.1.events.contains(.drained), "its client was never congested")
        #expect(client.1.closes == [.closedHere])
        #expect(server.1.events.suffix(2) == [.end, .closed(.closedHere)])
    }

    @Test("bytes whose records come in pieces are put together again", arguments: TLSVersion.spoken, [1, 7, 1_000])
    func pieces(version: TLSVersion, piece: Int) throws {
        let loop = try EventLoop()
        let relay = try Relay(loop: loop, piece: piece)
        let (client, server) = try TLSBench(version).pair(loop, (relay.ends.near, relay.ends.far))
        let echo = Echo(bytes: Wire.random(20_000), portion: 700)
        echo.serve(server.1)
        echo.ask(client.0, client.1)
        client.1.onReceive = { _ in if client.1.received.count == 20_000 { loop.stop() } }
        loop.runToStop()
        expectEqual(client.1.received, echo.bytes)
        for stream in [client.0, server.0] { stream.abort() }
        relay.abort()
    }

    @Test(
        "heads and bodies of any size go out in order, though the kernel takes only parts",
        arguments: TLSVersion.spoken
    )
    func headsAndBodies(version: TLSVersion) throws {
        let loop = try EventLoop()
        let (sender, receiver) = try TLSBench(version).pair(loop)
        let sizes = [
            (10, 0), (10, 100), (0, 5), (100, 16_284), (100, 16_285), (20_000, 10), (50, 900_000), (3, 40_000),
        ]
        let messages = (sizes + sizes.reversed()).map { (head: Wire.random($0), body: Wire.random($1)) }
        let expected = messages.flatMap { $0.head + $0.body }
        receiver.1.onReceive = { _ in
            // The first byte says that the handshake is over at both ends.
            guard receiver.1.received == [1] else { return }
            for message in messages { sender.0.send(message.head.span, message.body) }
            sender.0.close()
        }
        receiver.1.onEnd = { _ in loop.stop() }
        sender.0.send([1])
        loop.runToStop()
        expectEqual(receiver.1.received, [1] + expected)
        receiver.0.abort()
    }

    @Test("records that were read ahead while input was paused are delivered on resume", arguments: TLSVersion.spoken)
    func readAhead(version: TLSVersion) throws {
        let loop = try EventLoop()
        let (client, server) = try TLSBench(version).pair(loop)
        client.1.onReceive = { stream in
            for number in 0..<10 { stream.send([UInt8](repeating: UInt8(number), count: 50)) }
        }
        var pauses = 0
        server.1.onReceive = { stream in
            if server.1.received == [0] { return stream.send([1]) }
            if server.1.received.count == 501 { return loop.stop() }
            // One record a callback; the others are with OpenSSL already, so that no descriptor tells of them.
            pauses += 1
            stream.pauseInput()
            loop.later { stream.resumeInput() }
        }
        client.0.send([0])
        loop.runToStop()
        #expect(pauses == 9)
        #expect(server.1.received.suffix(50) == [UInt8](repeating: 9, count: 50)[...])
        for stream in [client.0, server.0] { stream.abort() }
    }

    @Test(
        "a stream that ends between resume and the pass in which it reads on is left alone",
        arguments: [true, false]
    )
    func endsBeforeReadingOn(aborts: Bool) throws {
        let loop = try EventLoop()
        let (client, server) = try TLSBench().pair(loop)
        server.1.onReceive = { stream in
            if server.1.received == [0] { return stream.send([1]) }
            server.1.onReceive = { _ in Issue.record("bytes came after the end") }
            stream.pauseInput()
            loop.later {
                stream.resumeInput()
                if aborts { stream.abort() } else { stream.finish() }
            }
        }
        client.1.onReceive = { stream in for _ in 0..<10 { stream.send([2, 2, 2]) } }
        client.1.onClose = { _ in loop.stop() }
        client.1.onEnd = { $0.close() }
        client.0.send([0])
        loop.runToStop()
        if !aborts { #expect(client.1.events == [.end, .closed(.closedHere)]) }
        if server.0.isOpen { server.0.abort() }
    }

    enum Side: CaseIterable { case client, server }

    @Test("an end by either side comes as close_notify, behind all bytes", arguments: TLSVersion.spoken, Side.allCases)
    func closeNotify(version: TLSVersion, side: Side) throws {
        let loop = try EventLoop()
        let (client, server) = try TLSBench(version).pair(loop)
        let (ending, told) = side == .client ? (client, server) : (server, client)
        let bytes = Wire.random(300_000)
        // Each side has spoken before one of them ends.
        server.1.onReceive = { stream in
            if stream === server.0, server.1.received == [0] {
                stream.send([1])
            }
        }
        client.1.onReceive = { _ in
            guard client.1.received == [1] else { return }
            ending.0.send(bytes)
            ending.0.finish()
        }
        told.1.onEnd = { $0.close() }
        ending.1.onClose = { _ in loop.stop() }
        client.0.send([0])
        loop.runToStop()
        expectEqual(Array(told.1.received.suffix(bytes.count)), bytes)
        #expect(told.1.events == [.end, .closed(.closedHere)])
        #expect(ending.1.closes == [.closedHere])
    }

    @Test("a peer that has sent close_notify still gets the whole reply, then ours", arguments: TLSVersion.spoken)
    func halfClose(version: TLSVersion) throws {
        let loop = try EventLoop()
        let bench = try TLSBench(version)
        let (descriptor, raw) = try Wire.descriptors(isSmall: true)
        let (_, recorder) = Wire.stream(descriptor, loop, tls: try bench.serverSession(descriptor))
        let reply = Wire.random(500_000)
        recorder.onEnd = { stream in
            stream.send(reply)
            stream.finish()
        }
        recorder.onClose = { _ in loop.stop() }
        let context = bench.client
        let peer = try Peer(raw) { raw in
            // A blocking socket: every call returns with its work done.
            let session = TLSSession(context: context.context, descriptor: raw.descriptor, serverName: "localhost")
            guard let session, case .done = session.handshake() else { throw TestFailure("no handshake") }
            _ = Array("request".utf8).withUnsafeBytes { session.write($0) }
            guard session.sendCloseNotify() else { throw TestFailure("no close_notify") }
            var received: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            var last = TransferResult.bytes(0)
            while case .bytes(let count) = last {
                received += buffer[..<count]
                last = buffer.withUnsafeMutableBytes { session.read(into: $0) }
            }
            raw.close()
            return (received, last)
        }
        loop.runToStop()
        let (bytes, last) = try peer.result()
        #expect(recorder.received == Array("request".utf8))
        #expect(recorder.events.filter { $0 != .drained } == [.end, .closed(.closedHere)])
        expectEqual(bytes, reply)
        #expect(last == .end)
    }

    @Test("close_notify waits for room when the kernel's buffer is full", arguments: TLSVersion.spoken)
    func closeNotifyWaits(version: TLSVersion) throws {
        let bench = try TLSBench(version)
        // The first connection shows how many records fill the buffer, the second is ended when they just did.
        var fits = Int.max
        for _ in 0..<2 {
            let loop = try EventLoop()
            let (client, server) = try bench.pair(loop)
            var count = 0
            server.1.onReceive = { stream in
                client.0.pauseInput()
                while count < fits, stream.unsentByteCount == 0 {
                    stream.send([1])
                    count += 1
                }
                if fits == .max { fits = count - 1 } else { #expect(stream.unsentByteCount == 0) }
                stream.finish()
                loop.later { loop.later { client.0.resumeInput() } }
            }
            client.1.onEnd = { $0.close() }
            client.1.onClose = { _ in loop.stop() }
            client.0.send([0])
            loop.runToStop()
            #expect(client.1.received.count == count)
            #expect(client.1.events == [.end, .closed(.closedHere)])
        }
    }

    @Test("an end without close_notify is a fault, not an end", arguments: TLSVersion.spoken)
    func endWithoutCloseNotify(version: TLSVersion) throws {
        let loop = try EventLoop()
        let (near, far) = try Wire.pair()
        let (client, server) = try TLSBench(version).pair(loop, (near, far))
        server.1.onReceive = { stream in
            // Behind the back of TLS.
            shutdown(near, Int32(SHUT_WR))
        }
        server.1.onClose = { _ in loop.stop() }
        client.0.send(Array("half of a message".utf8))
        loop.runToStop()
        #expect(server.1.received == Array("half of a message".utf8))
        #expect(server.1.events.count == 1)
        guard case .tls(let fault)? = server.1.closes.first else {
            Issue.record("closed as \(server.1.events)")
            return
        }
        #expect(fault.code == .protocolError)
        if client.0.isOpen { client.0.abort() }
    }

    @Test("abort never looks like an end to the peer", arguments: TLSVersion.spoken)
    func aborts(version: TLSVersion) throws {
        let loop = try EventLoop()
        let (client, server) = try TLSBench(version).pair(loop)
        server.1.onReceive = { stream in
            stream.send(Array("half of a reply".utf8))
            stream.abort()
        }
        client.1.onEnd = { _ in loop.stop() }
        client.1.onClose = { _ in loop.stop() }
        client.0.send([0])
        loop.runToStop()
        #expect(!client.1.events.contains(.end))
        #expect(client.1.closes.count == 1)
        #expect(client.1.closes.first != .closedHere)
    }

    @Test(
        "a damaged record ends the connection with a fault, and its bytes are not delivered",
        arguments: TLSVersion.spoken
    )
    func damagedRecord(version: TLSVersion) throws {
        let loop = try EventLoop()
        let relay = try Relay(loop: loop, piece: 100_000)
        let (client, server) = try TLSBench(version).pair(loop, (relay.ends.near, relay.ends.far))
        server.1.onReceive = { $0.send([1]) }
        client.1.onReceive = { stream in
            relay.damageNext()
            stream.send([2, 3, 4])
        }
        // The header's type or the sealed bytes: neither passes.
        server.1.onClose = { _ in loop.stop() }
        client.0.send([0])
        loop.runToStop()
        #expect(server.1.received == [0])
        guard case .tls(let fault)? = server.1.closes.first else {
            Issue.record("closed as \(server.1.events)")
            return
        }
        #expect(fault.code != .certificateUntrusted)
        if client.0.isOpen { client.0.abort() }
        relay.abort()
    }

    @Test("a client that does not speak TLS is closed with a fault")
    func noTLS() throws {
        let loop = try EventLoop()
        let bench = try TLSBench()
        let (descriptor, raw) = try Wire.descriptors(isSmall: false)
        let (stream, recorder) = Wire.stream(descriptor, loop, tls: try bench.serverSession(descriptor))
        #expect(!stream.isStillOpen())
        try raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        recorder.onClose = { _ in loop.stop() }
        loop.runToStop()
        #expect(recorder.received.isEmpty)
        guard case .tls? = recorder.closes.first else {
            Issue.record("closed as \(recorder.events)")
            return
        }
    }

    @Test("a stream in its handshake can be ended by any means", arguments: [0, 1, 2])
    func endsInHandshake(means: Int) throws {
        let loop = try EventLoop()
        let (client, server) = try TLSBench().pair(loop)
        server.0.send([1])
        switch means {
        case 0: server.0.finish()
        case 1: server.0.close()
        default: server.0.abort()
        }
        #expect(!server.0.isOpen)
        client.1.onClose = { _ in loop.stop() }
        loop.runToStop()
        #expect(server.1.events == [.closed(.closedHere)])
        #expect(client.1.closes.first != .closedHere)
    }
}
