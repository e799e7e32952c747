import Foundation
import TestSupport
import Testing

@Suite("The admin side over TLS")
struct AdminTLSTests {
    private func settings(_ identity: Certificates.Identity, clientAuthority: String? = nil) -> JSON {
        var tls: JSON = [
            "certificate_file": .string(identity.certificate), "private_key_file": .string(identity.privateKey),
        ]
        if let clientAuthority { tls = tls.overlaid(with: ["client_ca_file": .string(clientAuthority)]) }
        return ["admin": ["tls": tls]]
    }

    private func curl(_ gateway: Gateway, _ path: String, _ options: [String]) throws -> CommandResult {
        let url = "https://127.0.0.1:\(gateway.adminPort)\(path)"
        let token = "authorization: Bearer \(Gateway.viewerToken)"
        return try CommandResult.of(
            ["curl", "--silent", "--show-error", "--noproxy", "*", "--fail", "--header", token, url] + options
        )
    }

    private func teams(_ gateway: Gateway, _ options: [String], scheme: String = "https") throws -> CommandResult {
        let address = ["--admin", "\(scheme)://127.0.0.1:\(gateway.adminPort)", "--output", "json"]
        return try CommandResult.ofProgram(
            "tollgate",
            ["teams"] + address + options,
            environment: ["TOLLGATE_ADMIN_TOKEN": Gateway.viewerToken]
        )
    }

    @Test("with admin.tls it speaks TLS alone: clients and commands that know its authority are served")
    func served() throws {
        let certificates = try Certificates()
        try withGateway(settings(try certificates.issue("admin"))) { gateway in
            #expect(gateway.process.stdout.text.contains("with admin on https://127.0.0.1:\(gateway.adminPort)"))
            let known = ["--cacert", certificates.authority]
            for path in ["/readyz", "/metrics", "/admin/v1/teams", "/"] {
                let reply = try curl(gateway, path, known)
                #expect(reply.succeeded && !reply.stdout.isEmpty, "\(path): \(reply.stderr)")
            }
            #expect(try !curl(gateway, "/readyz", []).succeeded)
            let teams = try teams(gateway, ["--ca-file", certificates.authority])
            #expect(try JSON.parse(teams.output.utf8).items.count == 2, "\(teams.stderr)")
            let unknown = try self.teams(gateway, [])
            #expect(unknown.end == .exit(1) && unknown.stderr.contains("certificate_untrusted"), "\(unknown.stderr)")
            let plain = try self.teams(gateway, [], scheme: "http")
            #expect(plain.end == .exit(1) && plain.output.isEmpty, "\(plain.output)")
        }
    }

    @Test("with client_ca_file only operators with a certificate of it are served, and a command says what is missing")
    func mutual() throws {
        let certificates = try Certificates()
        let client = try certificates.issue("client")
        let stranger = try Certificates().issue("stranger")
        let settings = settings(try certificates.issue("admin"), clientAuthority: certificates.authority)
        try withGateway(settings) { gateway in
            let known = ["--ca-file", certificates.authority]
            func identity(_ identity: Certificates.Identity) -> [String] {
                known + ["--client-certificate", identity.certificate, "--client-key", identity.privateKey]
            }
            #expect(try teams(gateway, identity(client)).succeeded)
            let none = try teams(gateway, known)
            #expect(none.end == .exit(1) && none.stderr.contains("the connection broke"), "\(none.stderr)")
            #expect(try teams(gateway, identity(stranger)).end == .exit(1))
            let half = try teams(gateway, known + ["--client-key", client.privateKey])
            #expect(half.end == .exit(64) && half.stderr.contains("come together"), "\(half.stderr)")
            let useless = try teams(gateway, known, scheme: "http")
            #expect(useless.end == .exit(64) && useless.stderr.contains("need --admin https://"), "\(useless.stderr)")
            let mixed = known + ["--client-certificate", client.certificate, "--client-key", stranger.privateKey]
            let wrong = try teams(gateway, mixed)
            #expect(wrong.end == .exit(1) && wrong.stderr.contains("not the key of"), "\(wrong.stderr)")
        }
    }

    @Test("SIGHUP takes a new certificate, TLS where there was none, and nothing of a pair that does not fit")
    func reload() throws {
        let certificates = try Certificates()
        let (first, second) = (try certificates.issue("first"), try certificates.issue("second"))
        try withGateway(settings(first)) { gateway in
            func subject() throws -> String { try certificateSubject(port: gateway.adminPort) }
            #expect(try subject() == "first")
            try gateway.rewriteConfiguration(settings(second))
            try gateway.reload(expecting: #""msg":"reloaded""#)
            #expect(try subject() == "second")
            let mixed: JSON = ["admin": ["tls": ["private_key_file": .string(first.privateKey)]]]
            try gateway.rewriteConfiguration(settings(second).overlaid(with: mixed))
            try gateway.reload(expecting: "reload_refused", "admin.tls.private_key_file", "not the key of")
            #expect(try subject() == "second")
            let check = try CommandResult.ofProgram("tollgate", ["check", "--config", gateway.configurationPath])
            #expect(check.end == .exit(1) && check.output.contains("admin.tls.private_key_file: "), "\(check.output)")
            try gateway.rewriteConfiguration([:])
            try gateway.reload(expecting: #""msg":"reloaded""#)
            #expect(try gateway.admin("GET", "/teams").status == 200)
        }
    }

    @Test(
        "an admin address beyond loopback without TLS is warned of, and with TLS it is not",
        arguments: [false, true]
    )
    func warning(isSecure: Bool) throws {
        let certificates = try Certificates()
        let folder = try TemporaryFolder()
        let base = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:1", folder: folder)
            .overlaid(with: ["admin": ["address": "0.0.0.0:9090"]])
        let text = isSecure ? base.overlaid(with: settings(try certificates.issue("admin"))) : base
        let file = try folder.write(text.text, to: "config.json")
        let check = try CommandResult.ofProgram("tollgate", ["check", "--config", file])
        #expect(check.succeeded)
        #expect(check.output.contains("admin.address: is no loopback address, and there is no admin.tls") != isSecure)
    }
}

/// The common name of the certificate that a port of loopback shows.
func certificateSubject(port: UInt16) throws -> String {
    let line = "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>&1 | openssl x509 -noout -subject"
    let result = try CommandResult.of(["sh", "-c", line])
    return result.output.split(separator: "=").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
}
