import EventLoops
import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Transport

@Suite("TLS: who is trusted")
struct TLSVerificationTests {
    /// What came of one connection, at both ends.
    struct Outcome {
        /// Nil when the client got through.
        var fault: DialFault?
        /// How the server's end was closed, if it was.
        var serverEnd: StreamEnd?
        var echoed: [UInt8] = []
    }

    /// Dials a listener with `server`, and sends a word that comes back if both sides agree.
    private func connect(
        to server: TLSServerContext?,
        as client: TLSClientContext,
        named name: String
    ) throws -> Outcome {
        let loop = try EventLoop()
        let listener = try Listener(loop: loop, address: SocketAddress(ip: [127, 0, 0, 1], port: 0), sharesPort: false)
        listener.tls = server
        var outcome = Outcome()
        let (serving, asking) = (Recorder(), Recorder())
        serving.onReceive = { $0.send(serving.received) }
        listener.start { $0.delegate = serving }
        let end = LoopTimer(loop: loop) { loop.stop() }
        var own: ByteStream?
        Dialer(loop: loop).dial(
            [listener.localAddress],
            serverName: name,
            tls: client,
            timeout: .seconds(30)
        ) { result in
            switch result {
            case .success(let stream):
                own = stream
                stream.delegate = asking
                stream.send(Array("word".utf8))
            case .failure(let fault):
                outcome.fault = fault
                // The server's end is told of it soon.
                if serving.closes.isEmpty, server != nil { serving.onClose = { _ in loop.stop() } } else { loop.stop() }
            }
        }
        asking.onReceive = { _ in loop.stop() }
        asking.onClose = { _ in end.schedule(after: .milliseconds(10)) }
        loop.runToStop()
        outcome.serverEnd = serving.closes.first
        outcome.echoed = asking.received
        if let own, own.isOpen { own.abort() }
        listener.stop()
        return outcome
    }

    private func context(_ identity: Certificates.Identity, clientCA: String? = nil) throws -> TLSServerContext {
        try TLSServerContext(
            certificateFile: identity.certificate,
            privateKeyFile: identity.privateKey,
            clientCAFile: clientCA
        )
    }

    @Test(
        "a server that proves to be the one that is meant gets its bytes",
        arguments: [
            ("localhost", "DNS:localhost"), ("api.vendor.example", "DNS:*.vendor.example"),
            ("127.0.0.1", "IP:127.0.0.1"), ("::1", "DNS:localhost,IP:::1"),
        ]
    )
    func trusted(name: String, names: String) throws {
        let bench = try TLSBench(for: names)
        let outcome = try connect(to: bench.server, as: bench.client, named: name)
        #expect(outcome.fault == nil)
        #expect(outcome.echoed == Array("word".utf8))
    }

    @Test(
        "a certificate for another name is refused",
        arguments: [
            ("localhost", "DNS:other"), ("127.0.0.1", "IP:127.0.0.2"), ("127.0.0.1", "DNS:127.0.0.1"),
            ("localhost", "IP:127.0.0.1"), ("a.b.vendor.example", "DNS:*.vendor.example"),
            ("api.vendor.example", "DNS:a*.vendor.example"), ("vendor.example", "DNS:*.vendor.example"),
        ]
    )
    func wrongHost(name: String, names: String) throws {
        let bench = try TLSBench(for: names)
        let outcome = try connect(to: bench.server, as: bench.client, named: name)
        #expect(outcome.fault?.code == .tls(.certificateWrongHost))
        #expect(outcome.fault?.detail.contains("mismatch") == true)
        #expect(outcome.serverEnd != nil)
    }

    @Test("an expired certificate is refused")
    func expired() throws {
        let bench = try TLSBench()
        let server = try context(bench.certificates.issue("expired", expired: true))
        let outcome = try connect(to: server, as: bench.client, named: "localhost")
        #expect(outcome.fault?.code == .tls(.certificateExpired))
    }

    @Test("a certificate that an unknown authority or nobody else signed is refused")
    func untrusted() throws {
        let bench = try TLSBench()
        for identity in [try Certificates().issue("foreign"), try bench.certificates.selfSigned("self")] {
            let outcome = try connect(to: context(identity), as: bench.client, named: "127.0.0.1")
            #expect(outcome.fault?.code == .tls(.certificateUntrusted))
        }
        // The system's roots do not know the test's authority either.
        let outcome = try connect(to: bench.server, as: TLSClientContext(caFile: nil), named: "localhost")
        #expect(outcome.fault?.code == .tls(.certificateUntrusted))
    }

    @Test("TLS 1.1 is refused, as client and as server")
    func oldVersions() throws {
        let bench = try TLSBench(.v11)
        #expect(
            try connect(to: bench.server, as: bench.client, named: "localhost").fault?.code == .tls(.protocolVersion)
        )

        let other = try TLSBench()
        TLSVersion.v11.force(on: other.client.context)
        let outcome = try connect(to: other.server, as: other.client, named: "localhost")
        #expect(outcome.fault?.code == .tls(.protocolVersion))
        guard case .tls(let fault)? = outcome.serverEnd else {
            Issue.record("closed as \(String(describing: outcome.serverEnd))")
            return
        }
        #expect(fault.code == .protocolVersion)
    }

    @Test("a server without TLS is a fault of TLS, not a connection")
    func plainServer() throws {
        let bench = try TLSBench()
        let outcome = try connect(to: nil, as: bench.client, named: "localhost")
        guard case .tls? = outcome.fault?.code else {
            Issue.record("\(String(describing: outcome.fault))")
            return
        }
    }

    @Test(
        "a name is sent as SNI, without the dot that makes it absolute (RFC 6066 §3); an address is not",
        arguments: ["vendor.example", "vendor.example.", "127.0.0.1"]
    )
    func serverName(name: String) throws {
        let loop = try EventLoop()
        let listener = try RawListener()
        let client = try TLSClientContext(caFile: nil)
        let attempt = Dialer(loop: loop).dial([listener.address], serverName: name, tls: client, timeout: .seconds(30))
        {
            _ in
        }
        var hello: [UInt8] = []
        let peer = Recorder()
        peer.onReceive = { stream in
            hello = peer.received
            attempt.cancel()
            stream.abort()
            loop.stop()
        }
        loop.later {
            loop.later {
                guard let descriptor = try? listener.accept() else { return loop.stop() }
                Wire.stream(descriptor, loop).0.delegate = peer
            }
        }
        loop.runToStop()
        #expect(hello.first == 22, "no handshake record")
        let text = String(decoding: hello, as: UTF8.self)
        #expect(text.contains("vendor.example") == name.hasPrefix("vendor.example"))
        #expect(!text.contains("vendor.example."))
        #expect(!text.contains("127.0.0.1"))
        #expect(text.contains("http/1.1"), "no ALPN")
    }

    @Test("a server that wants client certificates takes those of its authority only", arguments: TLSVersion.spoken)
    func clientCertificates(version: TLSVersion) throws {
        let bench = try TLSBench()
        let server = try context(bench.identity, clientCA: bench.certificates.authority)
        version.force(on: server.context)

        let known = try TLSClientContext(caFile: bench.certificates.authority)
        known.show(try bench.certificates.issue("client", for: "DNS:client"))
        #expect(try connect(to: server, as: known, named: "localhost").echoed == Array("word".utf8))

        let foreign = try TLSClientContext(caFile: bench.certificates.authority)
        foreign.show(try Certificates().issue("foreign", for: "DNS:client"))
        let outcome = try connect(to: server, as: foreign, named: "localhost")
        #expect(outcome.echoed.isEmpty)
        guard case .tls(let fault)? = outcome.serverEnd else {
            Issue.record("closed as \(String(describing: outcome.serverEnd))")
            return
        }
        #expect(fault.code == .certificateUntrusted)

        let without = try connect(to: server, as: bench.client, named: "localhost")
        #expect(without.echoed.isEmpty)
        guard case .tls? = without.serverEnd else {
            Issue.record("closed as \(String(describing: without.serverEnd))")
            return
        }
    }

    @Test("files that are of no use are refused with a text that names them")
    func badFiles() throws {
        let certificates = try Certificates()
        let (one, other) = (try certificates.issue("one"), try certificates.issue("other"))
        let cases: [(certificate: String, key: String, ca: String?, named: String)] = [
            ("/dev/null", one.privateKey, nil, "/dev/null"), ("/no/such/file", one.privateKey, nil, "/no/such/file"),
            (one.privateKey, one.privateKey, nil, one.privateKey), (one.certificate, "/dev/null", nil, "/dev/null"),
            (one.certificate, other.privateKey, nil, other.privateKey),
            (one.certificate, one.privateKey, "/dev/null", "/dev/null"),
        ]
        for (certificate, key, ca, named) in cases {
            let fault = #expect(throws: TLSConfigurationFault.self) {
                try TLSServerContext(certificateFile: certificate, privateKeyFile: key, clientCAFile: ca)
            }
            #expect(fault?.description.contains(named) == true, "\(String(describing: fault))")
        }
        let fault = #expect(throws: TLSConfigurationFault.self) { try TLSClientContext(caFile: "/no/such/file") }
        #expect(fault?.description.contains("/no/such/file") == true)
    }
}
