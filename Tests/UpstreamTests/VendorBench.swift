import EventLoops
import HTTPMessages
import TestSupport
import Testing
import Transport
import Vocabulary

@testable import Upstream

/// The vendor's end of one connection. Confined to its loop.
final class VendorSide: StreamDelegate {
    let stream: ByteStream
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false
    /// If set, called for each byte sequence received.
    var onReceive: ((VendorSide) -> Void)?

    init(_ stream: ByteStream) {
        self.stream = stream
        stream.delegate = self
    }

    var text: String { String(decoding: received, as: UTF8.self) }

    func send(_ text: String) { stream.send(Array(text.utf8)) }

    func streamDidReceive(_ stream: ByteStream) {
        received += stream.input.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        stream.input.consume(stream.input.count)
        onReceive?(self)
    }

    func streamDidReceiveEnd(_ stream: ByteStream) { hasEnded = true }
    func streamDidDrain(_ stream: ByteStream) {}
    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) { hasEnded = true }
}

/// A vendor on a loopback port and this side's connections to it, all on one loop on the test's own thread.
final class VendorBench {
    let passes: Passes
    let pool = ConnectionPool()
    private let listener: Listener
    private let dialer: Dialer
    private(set) var vendor: [VendorSide] = []
    private(set) var connections: [UpstreamConnection] = []
    fileprivate(set) var endings: [UpstreamConnection.Ending] = []
    /// Set on the vendor's end of each connection.
    var onReceive: ((VendorSide) -> Void)?

    init() throws {
        passes = try Passes()
        listener = try Listener(
            loop: passes.loop,
            address: SocketAddress(ip: [127, 0, 0, 1], port: 0),
            sharesPort: false
        )
        dialer = Dialer(loop: passes.loop)
        listener.start { [unowned self] stream in
            let side = VendorSide(stream)
            side.onReceive = onReceive
            vendor.append(side)
        }
    }

    var loop: EventLoop { passes.loop }
    var port: UInt16 { listener.localAddress.port }

    /// Connects `count` times, runs the steps, and closes everything.
    func run(connecting count: Int = 1, _ steps: [Passes.Step]) {
        let connect = (1...max(1, count)).prefix(count).flatMap { number in
            [
                Passes.Step.act { [self] in dial() },
                .until("\(number) connections") { [self] in connections.count == number && vendor.count == number },
            ]
        }
        let end: [Passes.Step] = [
            .act { [self] in
                listener.stop()
                pool.renew()
                for connection in connections { connection.stream.abort() }
                for side in vendor { side.stream.abort() }
            },
            .act {}, .act {},
        ]
        passes.run(connect + steps + end)
        // A failed step may not have closed it.
        listener.stop()
    }

    private func dial() {
        dialer.dial([listener.localAddress], serverName: "127.0.0.1", tls: nil, timeout: .seconds(30)) {
            [self] result in
            guard case .success(let stream) = result else {
                Issue.record("no connection: \(result)")
                return
            }
            connections.append(
                UpstreamConnection(stream: stream, loop: loop, generation: pool.generation, hostField: "vendor")
            )
        }
    }

    /// Sends a request on a connection; its ending is added to `endings`.
    func send(on connection: UpstreamConnection, body: [UInt8] = [], _ settings: UpstreamSettings = settings()) {
        var head = HeadWriter(capacity: 64)
        head.requestLine("POST", "/x".utf8)
        head.endSection()
        connection.send(head, body, settings: settings, for: self)
    }

    /// The parts of responses that were told as they came, in words.
    fileprivate(set) var parts: [String] = []
    fileprivate(set) var drains = 0

    /// Begins a request on a connection; its parts are added to `parts`, its ending to `endings`.
    func open(
        on connection: UpstreamConnection,
        _ content: String = "",
        isWhole: Bool = true,
        to method: HTTPMethod = .get,
        _ settings: UpstreamSettings = settings()
    ) {
        var head = HeadWriter(capacity: 64)
        head.requestLine(method.name, "/x".utf8)
        head.endSection()
        connection.open(head, Array(content.utf8), isWhole: isWhole, to: method, settings: settings, for: self)
    }

    fileprivate static func words(_ part: UpstreamConnection.Part) -> String {
        switch part {
        case .askedForContent: "asked"
        case .head(let reader): "\(reader.status)"
        case .content(let content): content.count > 100 ? "much" : String(decoding: content, as: UTF8.self)
        case .caughtUp: "-"
        }
    }

    /// An ending in words.
    func words(_ index: Int) -> String {
        guard endings.indices.contains(index) else { return "none" }
        switch endings[index] {
        case .reply(let reader): return "\(reader.status) \(String(decoding: reader.body, as: UTF8.self))"
        case .failed(let failure): return "\(failure.code.errorCode.rawValue) charged \(failure.charged.rawValue)"
        }
    }
}

extension VendorBench: ExchangeOwner {
    func exchangeDidTake(_ part: UpstreamConnection.Part) { parts.append(Self.words(part)) }

    func exchangeDidDrain() { drains += 1 }

    func exchangeDidEnd(_ ending: UpstreamConnection.Ending, _ connection: UpstreamConnection) {
        endings.append(ending)
    }
}
