import EventLoops
import Glibc
import TestSupport
import Testing
import Vocabulary

@testable import Transport

@Suite("What a stream takes from its account")
struct StreamAccountTests {
    @Test("what the kernel does not take, and all of it back when the peer has read it")
    func output() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true)
        let account = CountingAccount(bytesMax: 16 << 20)
        stream.account = account
        stream.send([UInt8](repeating: 1, count: 100))
        #expect(account.highest == 0, "taken at once by the kernel")
        let bytes = Wire.random(2_000_000)
        stream.send(bytes)
        #expect(account.taken >= stream.unsentByteCount)
        #expect(account.taken < stream.unsentByteCount + 4_096)
        recorder.onDrain = { stream in
            stream.close()
            loop.later { loop.stop() }
        }
        stream.limits.highMark = 0
        stream.limits.lowMark = 0
        stream.send([2])
        let peer = try Peer(raw) { try $0.receiveToEnd().bytes.count }
        loop.runToStop()
        #expect(account.taken == 0)
        #expect(try peer.result() == 100 + bytes.count + 1)
    }

    @Test("a peer that takes nothing costs its connection when there is no room")
    func outputWithoutRoom() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop, isSmall: true)
        let account = CountingAccount(bytesMax: 64 * 1024)
        stream.account = account
        for _ in 0..<100 { stream.send([UInt8](repeating: 1, count: 30_000)) }
        recorder.onClose = { _ in loop.stop() }
        loop.runToStop()
        #expect(recorder.events == [.closed(.noRoom)])
        #expect(account.highest <= 64 * 1024)
        #expect(account.taken == 0)
        raw.close()
    }

    @Test("input that there is no room for is lost, which is told once; what is sent still goes out")
    func inputWithoutRoom() throws {
        let loop = try EventLoop()
        let (stream, recorder, raw) = try Wire.toRaw(loop)
        recorder.consumes = false
        recorder.onReceive = { stream in
            loop.later {
                stream.send(Array("word".utf8)); stream.finish()
            }
        }
        recorder.onClose = { _ in loop.stop() }
        let account = CountingAccount(bytesMax: 0)
        stream.account = account
        try raw.send("some bytes")
        let peer = try Peer(raw) { raw in
            let (bytes, end) = try raw.receiveToEnd()
            // Still sending: what comes now is dropped, and resets nothing.
            raw.close()
            return (bytes, end)
        }
        loop.runToStop()
        let (bytes, end) = try peer.result()
        #expect(bytes == Array("word".utf8))
        #expect(end == .finished)
        #expect(recorder.events.first == .lost)
        #expect(account.taken == 0)
    }

    // MARK: TLS

    private func listener(_ loop: EventLoop, _ bench: TLSBench) throws -> Listener {
        let listener = try Listener(loop: loop, address: SocketAddress(ip: [127, 0, 0, 1], port: 0), sharesPort: false)
        listener.tls = bench.server
        return listener
    }

    @Test("TLS takes a sum for the handshake and a smaller one after it", arguments: TLSVersion.spoken)
    func handshake(version: TLSVersion) throws {
        let loop = try EventLoop()
        let bench = try TLSBench(version)
        let listener = try listener(loop, bench)
        let (serving, asking) = (Recorder(), Recorder())
        let account = CountingAccount(bytesMax: 1 << 20)
        var takenWhenOpen = 0
        serving.onOpen = { stream in
            #expect(!stream.isHandshaking)
            takenWhenOpen = account.taken
            stream.close()
        }
        serving.onClose = { _ in loop.stop() }
        listener.start { stream in
            stream.delegate = serving
            stream.account = account
            #expect(stream.isHandshaking)
        }
        var own: ByteStream?
        dial(loop, listener, bench) { stream in
            own = stream
            stream.delegate = asking
        }
        loop.runToStop()
        #expect(account.highest == TLSSession.handshakeBytes)
        #expect(takenWhenOpen == TLSSession.idleBytes)
        #expect(account.taken == 0)
        own?.abort()
        listener.stop()
    }

    private func dial(
        _ loop: EventLoop,
        _ listener: Listener,
        _ bench: TLSBench,
        _ then: @escaping (ByteStream) -> Void
    ) {
        Dialer(loop: loop).dial(
            [listener.localAddress],
            serverName: "localhost",
            tls: bench.client,
            timeout: .seconds(30)
        ) { result in
            if case .success(let stream) = result { then(stream) } else { Issue.record("\(result)") }
        }
    }

    @Test("a handshake waits until there is room")
    func waits() throws {
        let loop = try EventLoop()
        let bench = try TLSBench()
        let listener = try listener(loop, bench)
        let (serving, asking) = (Recorder(), Recorder())
        let account = CountingAccount(bytesMax: TLSSession.handshakeBytes - 1)
        serving.onOpen = { _ in loop.stop() }
        listener.start { stream in
            stream.delegate = serving
            stream.account = account
        }
        var own: ByteStream?
        dial(loop, listener, bench) { stream in
            own = stream
            stream.delegate = asking
        }
        let timer = LoopTimer(loop: loop) { [unowned loop] in
            #expect(account.refusals > 0)
            #expect(account.taken == 0)
            account.bytesMax = TLSSession.handshakeBytes
            withExtendedLifetime(loop) {}
        }
        timer.schedule(after: .milliseconds(200))
        loop.runToStop()
        #expect(account.refusals < 50, "looked at in intervals")
        own?.abort()
        serving.onClose = { _ in loop.stop() }
        listener.stop()
    }

    @Test("a handshake that waits for room in vain ends the connection")
    func waitsInVain() throws {
        let loop = try EventLoop()
        let bench = try TLSBench()
        let listener = try listener(loop, bench)
        let serving = Recorder()
        let account = CountingAccount(bytesMax: 0)
        serving.onClose = { _ in loop.stop() }
        listener.start { stream in
            stream.delegate = serving
            stream.account = account
        }
        Dialer(loop: loop).dial(
            [listener.localAddress],
            serverName: "localhost",
            tls: bench.client,
            timeout: .seconds(30)
        ) { _ in }
        loop.runToStop()
        #expect(serving.events == [.closed(.noRoom)])
        #expect(account.refusals > 2)
        listener.stop()
    }

    @Test(
        "a client that has not sent its first record whole costs nothing, and may end there",
        arguments: [[], [22], [22, 3, 1, 2, 0], [22, 3, 1, 2, 0, 1, 0]] as [[UInt8]]
    )
    func halfHello(bytes: [UInt8]) throws {
        let loop = try EventLoop()
        let listener = try listener(loop, try TLSBench())
        let serving = Recorder()
        let account = CountingAccount(bytesMax: 1 << 20)
        let raw = try RawConnection(port: listener.localAddress.port)
        try raw.send(bytes)
        var timer: LoopTimer?
        listener.start { stream in
            stream.delegate = serving
            stream.account = account
            timer = LoopTimer(loop: loop) {
                #expect(stream.isHandshaking)
                #expect(account.highest == 0)
                raw.finishSending()
            }
            timer?.schedule(after: .milliseconds(100))
        }
        serving.onClose = { _ in loop.stop() }
        loop.runToStop()
        guard case .tls = serving.closes.first else { Issue.record("\(serving.events)"); return }
        #expect(account.taken == 0)
        timer = nil
        listener.stop()
    }
}
