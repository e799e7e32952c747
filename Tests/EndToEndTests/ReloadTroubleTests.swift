import Foundation
import TestSupport
import Testing

/// Files that a reload, a start or a check cannot read, or whose faults only the store reveals.
@Suite("Trouble with what a configuration names")
struct ReloadTroubleTests {
    private static let masterKey = String(repeating: "0f", count: 32)

    private func pipe(_ folder: TemporaryFolder) throws -> String {
        let path = folder.file("pipe")
        guard mkfifo(path, 0o600) == 0 else { throw TestFailure("mkfifo") }
        return path
    }

    @Test("a secret, a certificate or the configuration that is a pipe holds up neither requests nor the next reload")
    func pipes() throws {
        try withGateway { gateway in
            let pipe = try pipe(gateway.folder)
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let secret: JSON = [["id": "t", "keys": [["id": "k", "secret": ["file": .string(pipe)]]]]]
            try gateway.rewriteConfiguration(["teams": secret])
            try gateway.reload(expecting: "reload_refused", "teams[0].keys[0].secret", "is no regular file")
            try gateway.rewriteConfiguration(["upstream": ["ca_file": .string(pipe)]])
            try gateway.reload(expecting: "reload_refused", "upstream.ca_file", "is no regular file")
            try FileManager.default.removeItem(atPath: gateway.configurationPath)
            #expect(mkfifo(gateway.configurationPath, 0o600) == 0)
            try gateway.reload(expecting: "reload_refused", "is no regular file", #"config.json""#)
            expectHit(try gateway.classify(SampleRequests.vendors))
            try FileManager.default.removeItem(atPath: gateway.configurationPath)
            try gateway.rewriteConfiguration([:])
            try gateway.reload(expecting: #""msg":"reloaded""#)
        }
    }

    @Test("a private key with a passphrase is refused by check, start and reload, and nobody is asked for it")
    func passphrase() throws {
        let certificates = try Certificates()
        let identity = try certificates.issue("gateway")
        let encrypted = certificates.folder.file("encrypted.key")
        let made = try CommandResult.of([
            "openssl", "pkey", "-in", identity.privateKey, "-aes256", "-passout", "pass:secret", "-out", encrypted,
        ])
        try #require(made.succeeded, "\(made.stderr)")
        let tls: JSON = ["certificate_file": .string(identity.certificate), "private_key_file": .string(encrypted)]
        try withGateway { gateway in
            try gateway.rewriteConfiguration(["listen": ["tls": tls]])
            try gateway.reload(expecting: "reload_refused", "listen.tls.private_key_file", "passphrase")
            for command in ["check", "serve"] {
                // With its own terminal, on which OpenSSL would prompt.
                let program = try ServerProcess.path(ofProgram: "tollgate")
                let line = "\(program) \(command) --config \(gateway.configurationPath)"
                let result = try CommandResult.of(["script", "-qec", line, "/dev/null"])
                #expect(result.end == .exit(1))
                #expect(result.output.contains("listen.tls.private_key_file: \(encrypted): has a passphrase"))
                #expect(!result.output.contains("Enter PEM"))
            }
        }
    }

    @Test("check finds what a start would: each fault on a line, with its member")
    func check() throws {
        let certificates = try Certificates()
        let (one, other) = (try certificates.issue("one"), try certificates.issue("other"))
        let folder = try TemporaryFolder()
        let nothing = try folder.write("nothing", to: "nothing.pem")
        func check(_ changes: JSON) throws -> CommandResult {
            let base = Gateway.baseConfiguration(vendorURL: "https://vendor.test", folder: folder)
            let file = try folder.write(base.overlaid(with: changes).text, to: "config.json")
            return try CommandResult.ofProgram("tollgate", ["check", "--config", file])
        }
        let faulty = try check([
            "listen": [
                "tls": [
                    "certificate_file": .string(one.certificate), "private_key_file": .string(other.privateKey),
                    "client_ca_file": .string(nothing),
                ]
            ],
            "upstream": ["ca_file": .string(nothing)],
            "store": ["url": "mysql://h/d"],
        ])
        #expect(faulty.end == .exit(1))
        let file = folder.file("config.json")
        let members: [String] = [
            "listen.tls.private_key_file", "listen.tls.client_ca_file", "upstream.ca_file", "store.url",
        ]
        let lines = faulty.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 4, "\(lines)")
        for member in members {
            #expect(lines.count { $0.hasPrefix("\(file): \(member): ") } == 1, "\(member): \(lines)")
        }

        let placeless = try check([
            "store": ["url": "sqlite:/nonexistent/t.db"], "listen": ["address": "no-such-host.invalid:80"],
        ])
        #expect(placeless.end == .exit(1))
        #expect(placeless.output.contains("\(file): store.url: "), "\(placeless.output)")
        #expect(placeless.output.contains("\(file): listen.address: "), "\(placeless.output)")
    }

    @Test("a team of the file may have an account of the store's keys: check says that it cannot know")
    func accountOfTheStore() throws {
        let gateway = try Gateway(environment: ["TOLLGATE_MASTER_KEY": Self.masterKey])
        func team(_ account: JSON) -> JSON {
            [["id": "t", "account": account, "keys": [["id": "k", "secret": ["value": .string(Gateway.keyA)]]]]]
        }
        try gateway.rewriteConfiguration(["teams": team("berlin")])
        try gateway.reload(expecting: "reload_refused", "teams[0].account")
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))

        let key: JSON = ["id": "stored", "account": "berlin", "secret": .string(VendorSim.key)]
        let made = try gateway.admin("POST", "/upstream-keys", key)
        try #require(made.status == 201, "\(made.text)")
        try gateway.reload(expecting: #""msg":"reloaded""#)
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        try expectCleanEnd(of: gateway)
        try gateway.restart()
        expectHit(try gateway.classify(SampleRequests.vendors))
        try expectCleanEnd(of: gateway)

        let check = try CommandResult.ofProgram("tollgate", ["check", "--config", gateway.configurationPath])
        #expect(check.end == .exit(0))
        #expect(
            check.output.contains("teams[0].account: no upstream key of the file has account berlin"),
            "\(check.output)"
        )

        try gateway.rewriteConfiguration(["teams": team("paris")])
        let start = try CommandResult.ofProgram(
            "tollgate",
            ["serve", "--config", gateway.configurationPath],
            environment: ["TOLLGATE_MASTER_KEY": Self.masterKey]
        )
        #expect(start.end == .exit(1))
        #expect(start.stderr.contains("teams[0].account: is not the account of any upstream key"), "\(start.stderr)")
    }

    @Test("a secret that only its owner may read is not warned of because a link leads to it")
    func linkedSecret() throws {
        let folder = try TemporaryFolder()
        let secret = try folder.write("a-secret-of-a-team-0123", to: "data")
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: secret)
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "data")
        let base = Gateway.baseConfiguration(vendorURL: "https://vendor.test", folder: folder)
        let teams: JSON = [["id": "t", "keys": [["id": "k", "secret": ["file": "link"]]]]]
        let real = try folder.write(base.overlaid(with: ["teams": teams]).text, to: "config.json")
        let linked = folder.file("linked.json")
        try FileManager.default.createSymbolicLink(atPath: linked, withDestinationPath: real)
        let result = try CommandResult.ofProgram("tollgate", ["check", "--config", linked])
        #expect(result.end == .exit(0), "\(result.output)")
        #expect(!result.output.contains("read by others"), "\(result.output)")
    }
}
