import EventLoops
import Glibc
import TestSupport
import Testing
import Vocabulary

@testable import Transport

@Suite("Dialer")
struct DialerTests {
    /// Dials, runs the loop until the answer is there, and answers it; a stream is still open.
    private func dial(
        _ addresses: [SocketAddress],
        timeout: Duration = .seconds(30),
        history: AddressHistory = AddressHistory()
    ) throws -> Result<ByteStream, DialFault> {
        let loop = try EventLoop()
        var answers: [Result<ByteStream, DialFault>] = []
        let end = LoopTimer(loop: loop) { loop.stop() }
        let dialer = Dialer(loop: loop, history: history)
        dialer.dial(addresses, serverName: "localhost", tls: nil, timeout: timeout) { result in
            answers.append(result)
            // A second answer would come soon after the first.
            end.schedule(after: .milliseconds(10))
        }
        #expect(answers.isEmpty, "the answer came from within the call")
        loop.runToStop()
        #expect(answers.count == 1)
        return try #require(answers.first)
    }

    private func fault(_ result: Result<ByteStream, DialFault>) throws -> DialFault {
        switch result {
        case .failure(let fault): return fault
        case .success(let stream):
            stream.abort()
            throw TestFailure("a connection was made")
        }
    }

    @Test("connects, and the stream knows its peer")
    func connects() throws {
        let listener = try RawListener()
        let stream = try dial([listener.address]).get()
        #expect(stream.peer == listener.address)
        stream.send(Array("ping".utf8))
        var byte: UInt8 = 0
        let accepted = try listener.accept()
        #expect(recv(accepted, &byte, 1, 0) == 1)
        #expect(byte == UInt8(ascii: "p"))
        close(accepted)
        stream.abort()
    }

    @Test("says that the connection was refused, and by whom")
    func refused() throws {
        let address = try RawListener.refusingAddress()
        let fault = try self.fault(dial([address]))
        #expect(fault.code == .refused)
        #expect(fault.description.hasPrefix("\(address): "))
    }

    @Test("tries the addresses in turn until one takes the connection")
    func secondAddress() throws {
        let (listener, unused) = (try RawListener(), try RawListener())
        let refusing = try RawListener.refusingAddress()
        let stream = try dial([refusing, refusing, listener.address, unused.address]).get()
        #expect(stream.peer == listener.address)
        stream.abort()
    }

    @Test("when all refuse, the last one's fault is told; without addresses there is a fault too")
    func allRefuse() throws {
        let addresses = [try RawListener.refusingAddress(), try RawListener.refusingAddress()]
        let fault = try self.fault(dial(addresses))
        #expect(fault.code == .refused)
        #expect(fault.description.hasPrefix("\(addresses[1]): "))
        #expect(try self.fault(dial([])).code == .unreachable)
    }

    @Test("gives up after its time when nobody answers")
    func timesOut() throws {
        let port = try UnansweringPort()
        let address = SocketAddress(ip: [127, 0, 0, 1], port: port.port)
        let start = SystemClock.monotonic()
        let fault = try withExtendedLifetime(port) { try self.fault(dial([address], timeout: .milliseconds(60))) }
        #expect(fault.code == .timedOut)
        #expect(SystemClock.monotonic() - start >= .milliseconds(59))
    }

    @Test("the time counts for all addresses together")
    func timesOutOnAll() throws {
        let port = try UnansweringPort()
        let silent = SocketAddress(ip: [127, 0, 0, 1], port: port.port)
        let addresses = [try RawListener.refusingAddress(), silent, silent]
        let start = SystemClock.monotonic()
        let fault = try withExtendedLifetime(port) { try self.fault(dial(addresses, timeout: .milliseconds(60))) }
        #expect(fault.code == .timedOut)
        #expect(SystemClock.monotonic() - start >= .milliseconds(59))
    }

    @Test("an address that does not answer uses up its share of the time only, and comes last the next time")
    func shares() throws {
        let port = try UnansweringPort()
        let silent = SocketAddress(ip: [127, 0, 0, 1], port: port.port)
        let listener = try RawListener()
        let history = AddressHistory()
        // The second time half of it would be more than a test waits.
        for timeout in [Duration.seconds(2), .seconds(36_000)] {
            let stream = try dial([silent, listener.address], timeout: timeout, history: history).get()
            #expect(stream.peer == listener.address)
            stream.abort()
        }
        withExtendedLifetime(port) {}
    }

    /// Dials with TLS to an address that misbehaves and then one that does not; answers the peer that was reached.
    private func dialTLS(_ serve: @escaping (ByteStream) -> Void, timeout: Duration) throws -> Bool {
        let loop = try EventLoop()
        let bench = try TLSBench()
        let any = SocketAddress(ip: [127, 0, 0, 1], port: 0)
        let (bad, good) = (
            try Listener(loop: loop, address: any, sharesPort: false),
            try Listener(loop: loop, address: any, sharesPort: false)
        )
        good.tls = bench.server
        var streams: [ByteStream] = []
        bad.start { stream in
            streams.append(stream)
            serve(stream)
        }
        good.start { streams.append($0) }
        var answer: Result<ByteStream, DialFault>?
        Dialer(loop: loop).dial(
            [bad.localAddress, good.localAddress],
            serverName: "localhost",
            tls: bench.client,
            timeout: timeout
        ) { result in
            answer = result
            loop.stop()
        }
        loop.runToStop()
        for listener in [bad, good] { listener.stop() }
        for stream in streams { stream.abort() }
        let stream = try #require(answer).get()
        stream.abort()
        return stream.peer == good.localAddress
    }

    @Test("a handshake that stalls at one address moves on to the next")
    func stalledHandshake() throws {
        #expect(try dialTLS({ _ in }, timeout: .seconds(4)))
    }

    @Test("a handshake that breaks at one address moves on to the next")
    func brokenHandshake() throws {
        // A fatal alert: handshake_failure (RFC 5246 §7.2).
        #expect(try dialTLS({ $0.send([21, 3, 3, 0, 2, 2, 40]) }, timeout: .seconds(3_600)))
        #expect(try dialTLS({ $0.abort() }, timeout: .seconds(3_600)))
    }

    @Test("without a descriptor the fault is this side's, and is held against no address")
    func exhausted() async {
        // In a process of its own, so that no other test runs out of descriptors.
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let addresses = [try RawListener.refusingAddress(), try RawListener.refusingAddress()]
            let kind = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
            var lowered = rlimit(rlim_cur: 3, rlim_max: 3)
            setrlimit(kind, &lowered)
            let history = AddressHistory()
            var code: DialFault.Code?
            Dialer(loop: loop, history: history).dial(addresses, serverName: "", tls: nil, timeout: .seconds(30)) {
                if case .failure(let fault) = $0 { code = fault.code }
                loop.stop()
            }
            loop.runToStop()
            precondition(code == .exhausted, "\(String(describing: code))")
            precondition(history.order(addresses) == addresses)
        }
    }

    @Test("a server that takes the connection and says nothing in TLS uses up the time")
    func silentTLS() throws {
        let loop = try EventLoop()
        let listener = try RawListener()
        var code: DialFault.Code?
        let context = try TLSClientContext(caFile: nil)
        Dialer(loop: loop).dial(
            [listener.address],
            serverName: "localhost",
            tls: context,
            timeout: .milliseconds(60)
        ) { result in
            if case .failure(let fault) = result { code = fault.code }
            loop.stop()
        }
        loop.runToStop()
        #expect(code == .timedOut)
    }

    @Test("an attempt that is cancelled never calls back, whenever that is", arguments: [0, 1, 2, 3])
    func cancelled(passes: Int) throws {
        let loop = try EventLoop()
        let listener = try RawListener()
        let silent = try UnansweringPort()
        let refusing = try RawListener.refusingAddress()
        let context = try TLSClientContext(caFile: nil)
        var called = 0
        var attempts: [DialAttempt] = []
        func dial(_ addresses: [SocketAddress], tls: TLSClientContext?) {
            attempts.append(
                Dialer(loop: loop).dial(addresses, serverName: "localhost", tls: tls, timeout: .seconds(30)) { _ in
                    called += 1
                }
            )
        }
        // Hangs while connecting, and within the handshake.
        dial([SocketAddress(ip: [127, 0, 0, 1], port: silent.port)], tls: nil)
        dial([listener.address], tls: context)
        if passes == 0 {
            dial([refusing], tls: nil)
            dial([listener.address], tls: nil)
            // Has failed already when it is cancelled, but did not tell it yet.
            dial([], tls: nil)
        }
        func cancelLater(_ passes: Int) {
            if passes > 0 { return loop.later { cancelLater(passes - 1) } }
            for attempt in attempts {
                attempt.cancel()
                attempt.cancel()
            }
        }
        loop.later { cancelLater(passes) }
        let end = LoopTimer(loop: loop) { loop.stop() }
        end.schedule(after: .milliseconds(30))
        withExtendedLifetime((silent, listener)) { loop.runToStop() }
        #expect(called == 0)
    }
}
