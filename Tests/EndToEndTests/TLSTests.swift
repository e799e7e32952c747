import TestSupport
import Testing

@Suite("TLS on both sides")
struct TLSTests {
    /// A vendor behind TLS; it takes no control calls, but it counts what it accepted.
    private func vendor(_ identity: Certificates.Identity) throws -> VendorSim {
        try VendorSim(["--tls-certificate", identity.certificate, "--tls-key", identity.privateKey])
    }

    @Test("a vendor with a certificate of ca_file is asked over TLS")
    func goodVendor() throws {
        let certificates = try Certificates()
        let vendor = try vendor(try certificates.issue("vendor"))
        #expect(vendor.scheme == "https")
        try withGateway(["upstream": ["ca_file": .string(certificates.authority)]], vendor: vendor) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            expectHit(try gateway.classify(SampleRequests.vendors))
        }
    }

    enum Flaw: String, CaseIterable, Sendable {
        case expired, wrongHost, selfSigned, unknownAuthority
    }

    @Test(
        "a vendor whose certificate does not prove it is asked nothing: 502 upstream_unreachable",
        arguments: Flaw.allCases
    )
    func badVendor(flaw: Flaw) throws {
        let certificates = try Certificates()
        let identity =
            switch flaw {
            case .expired: try certificates.issue("vendor", expired: true)
            case .wrongHost: try certificates.issue("vendor", for: "DNS:elsewhere.test")
            case .selfSigned: try certificates.selfSigned("vendor")
            case .unknownAuthority: try Certificates().issue("vendor")
            }
        let vendor = try vendor(identity)
        try withGateway(["upstream": ["ca_file": .string(certificates.authority)]], vendor: vendor) { gateway in
            expectError(try gateway.classify(SampleRequests.vendors), 502, "upstream_unreachable")
        }
    }

    @Test("without ca_file a certificate of no public authority is refused")
    func systemRoots() throws {
        let certificates = try Certificates()
        let vendor = try vendor(try certificates.issue("vendor"))
        try withGateway(vendor: vendor) { gateway in
            expectError(try gateway.classify(SampleRequests.vendors), 502, "upstream_unreachable")
        }
    }

    @Test("a vendor that speaks TLS 1.1 at most is refused, not spoken to in less")
    func oldTLS() throws {
        let certificates = try Certificates()
        let identity = try certificates.issue("vendor")
        let server = try ServerProcess([
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", identity.certificate, "-key", identity.privateKey,
            "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-www",
        ])
        let address = try server.announcement(after: "ACCEPT ")
        let upstream: JSON = ["base_url": .string("https://\(address)"), "ca_file": .string(certificates.authority)]
        try withGateway(["upstream": upstream]) { gateway in
            expectError(try gateway.classify(SampleRequests.vendors), 502, "upstream_unreachable")
        }
        withExtendedLifetime(server) {}
    }

    @Test("https to a vendor that speaks no TLS, and http to one that does, are 502")
    func wrongScheme() throws {
        let plain = try VendorSim()
        let upstream: JSON = ["base_url": .string("https://127.0.0.1:\(plain.port)")]
        try withGateway(["upstream": upstream], vendor: plain) { gateway in
            expectError(try gateway.classify(SampleRequests.vendors), 502, "upstream_unreachable")
            #expect(try plain.calls() == 0)
        }
        let certificates = try Certificates()
        let secured = try vendor(try certificates.issue("vendor"))
        let insecure: JSON = ["base_url": .string("http://127.0.0.1:\(secured.port)")]
        try withGateway(["upstream": insecure], vendor: secured) { gateway in
            let reply = try gateway.classify(SampleRequests.vendors)
            #expect(reply.status == 502)
        }
    }

    private func listening(_ identity: Certificates.Identity, clientAuthority: String? = nil) -> JSON {
        var tls: JSON = [
            "certificate_file": .string(identity.certificate), "private_key_file": .string(identity.privateKey),
        ]
        if let clientAuthority { tls = tls.overlaid(with: ["client_ca_file": .string(clientAuthority)]) }
        return ["listen": ["tls": tls]]
    }

    /// Runs curl against the gateway and returns head and body of the reply.
    private func curl(_ gateway: Gateway, _ certificates: Certificates, _ options: [String] = []) throws
        -> CommandResult
    {
        try CommandResult.of(
            [
                "curl", "--silent", "--show-error", "--include", "--noproxy", "*", "--cacert", certificates.authority,
                "https://127.0.0.1:\(gateway.port)/v1/classify", "--header", "x-api-key: \(Gateway.keyA)",
                "--header", "content-type: application/json", "--data", SampleRequests.vendors,
            ] + options
        )
    }

    @Test("clients are served over TLS 1.2 and 1.3, and not below", arguments: ["1.2", "1.3"])
    func clients(version: String) throws {
        let certificates = try Certificates()
        try withGateway(listening(try certificates.issue("gateway"))) { gateway in
            let options = ["--tlsv\(version)", "--tls-max", version]
            let miss = try curl(gateway, certificates, options)
            #expect(miss.succeeded, "\(miss.stderr)")
            #expect(miss.output.lowercased().contains("cache-status: tollgate; fwd=miss; fwd-status=200; stored"))
            let hit = try curl(gateway, certificates, options)
            #expect(hit.output.lowercased().contains("cache-status: tollgate; hit; ttl="))
            let old = try curl(
                gateway,
                certificates,
                ["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0"]
            )
            #expect(!old.succeeded)
        }
    }

    @Test("a plain request on the TLS port is not served, and hurts nobody")
    func plainOnTLS() throws {
        let certificates = try Certificates()
        try withGateway(listening(try certificates.issue("gateway"))) { gateway in
            let plain = try gateway.connect()
            try plain.send(TestRequest("GET", "/healthz").bytes)
            let answer = String(decoding: try plain.receiveToEnd().bytes, as: UTF8.self)
            #expect(!answer.hasPrefix("HTTP/1.1 200"))
            #expect(try curl(gateway, certificates).succeeded)
        }
    }

    @Test("with client_ca_file only clients with a certificate of it are served")
    func clientCertificates() throws {
        let certificates = try Certificates()
        let client = try certificates.issue("client")
        let stranger = try Certificates().issue("stranger")
        let settings = listening(try certificates.issue("gateway"), clientAuthority: certificates.authority)
        try withGateway(settings) { gateway in
            let anonymous = try curl(gateway, certificates)
            #expect(!anonymous.succeeded)
            func options(_ identity: Certificates.Identity) -> [String] {
                ["--cert", identity.certificate, "--key", identity.privateKey]
            }
            let refused = try curl(gateway, certificates, options(stranger))
            #expect(!refused.succeeded)
            let served = try curl(gateway, certificates, options(client))
            #expect(served.succeeded, "\(served.stderr)")
            #expect(served.output.contains("200"))
        }
    }

    /// Runs openssl's client against the gateway with one request, and returns its output.
    private func openssl(_ gateway: Gateway, _ options: String) throws -> String {
        let request = #"printf 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'"#
        let client = "openssl s_client -connect 127.0.0.1:\(gateway.port) -ign_eof \(options)"
        let result = try CommandResult.of(["sh", "-c", "\(request) | \(client) 2>&1"])
        return result.output
    }

    @Test("clients resume their sessions, and get ECDHE with an AEAD", arguments: ["1_2", "1_3"])
    func sessions(version: String) throws {
        let certificates = try Certificates()
        let folder = try TemporaryFolder()
        try withGateway(listening(try certificates.issue("gateway"))) { gateway in
            let session = folder.file("session")
            let first = try openssl(gateway, "-tls\(version) -sess_out \(session)")
            #expect(first.contains("New, TLSv"), "\(first)")
            #expect(first.contains("HTTP/1.1 200"))
            let second = try openssl(gateway, "-tls\(version) -sess_in \(session)")
            #expect(second.contains("Reused, TLSv"), "\(second)")
            #expect(second.contains("HTTP/1.1 200"))
            guard version == "1_2" else { return }
            #expect(first.contains("Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"), "\(first)")
            let old = try openssl(gateway, "-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384")
            #expect(!old.contains("HTTP/1.1 200"), "\(old)")
        }
    }

    /// The first message of a handshake as a TLS 1.2 client sends it (RFC 5246 §7.4.1.2), with fixed content.
    static let clientHello: [UInt8] = {
        let groups: [UInt8] = [0, 10, 0, 6, 0, 4, 0, 29, 0, 23]
        let algorithms: [UInt8] = [0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1]
        let extensions = groups + algorithms
        let ciphers: [UInt8] = [0xC0, 0x2B, 0xC0, 0x2F, 0xC0, 0x30]
        var body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0, UInt8(ciphers.count)] + ciphers
        body += [1, 0, 0, UInt8(extensions.count)] + extensions
        let message: [UInt8] = [1, 0, 0, UInt8(body.count)] + body
        return [22, 3, 1, 0, UInt8(message.count)] + message
    }()

    @Test(
        "a handshake that does not come to its end is cut off after header_timeout",
        arguments: [0, 1, 5, 40, clientHello.count]
    )
    func unfinishedHandshake(byteCount: Int) throws {
        let certificates = try Certificates()
        let times: JSON = ["listen": ["header_timeout": "2s", "idle_timeout": "1h"]]
        let settings = listening(try certificates.issue("gateway")).overlaid(with: times)
        try withGateway(settings) { gateway in
            let connection = try gateway.connect()
            try connection.send(Array(Self.clientHello.prefix(byteCount)))
            let answer = try connection.receiveToEnd().bytes
            #expect(answer.isEmpty == (byteCount < Self.clientHello.count), "\(answer.prefix(8))")
            let taken = try gateway.admin("GET", "/status").json["memory"]["stranger_bytes"].int
            #expect(taken == 0)
            #expect(try curl(gateway, certificates).succeeded)
        }
    }
}
