import Foundation
import TestSupport
import Testing

/// Secrets and certificates in files that change by themselves: `secrets.reload`.
@Suite("Files that change by themselves")
struct FileReloadTests {
    private static let oldKey = "team-c-old-secret-0123456789"
    private static let newKey = "team-c-new-secret-0123456789"

    /// A folder as Kubernetes mounts a secret: what is named is a link through `..data`, which is replaced at one
    /// stroke.
    private struct Mount {
        let folder: TemporaryFolder

        init(_ folder: TemporaryFolder) { self.folder = folder }

        func put(_ files: [String: String], version: String) throws {
            let manager = FileManager.default
            try manager.createDirectory(atPath: folder.file(".." + version), withIntermediateDirectories: false)
            for (name, content) in files {
                try folder.write(content, to: "..\(version)/\(name)")
                let link = folder.file(name)
                if (try? manager.destinationOfSymbolicLink(atPath: link)) == nil {
                    try manager.createSymbolicLink(atPath: link, withDestinationPath: "..data/" + name)
                }
            }
            try manager.createSymbolicLink(atPath: folder.file("..data_tmp"), withDestinationPath: ".." + version)
            try #require(rename(folder.file("..data_tmp"), folder.file("..data")) == 0)
        }
    }

    private func team(_ mount: Mount) -> JSON {
        let secret: JSON = ["file": .string(mount.folder.file("key"))]
        return ["teams": [["id": "team-c", "keys": [["id": "c-key", "secret": secret]]]]]
    }

    private func status(_ gateway: Gateway, _ key: String) throws -> Int {
        try gateway.classify(SampleRequests.vendors, key: key).status
    }

    private func waitForNewKey(_ gateway: Gateway) throws {
        let deadline = Deadline.generous
        // Each worker takes its settings by a message of its own: the old key may be valid on another one for a moment.
        while try status(gateway, Self.newKey) != 200 || status(gateway, Self.oldKey) != 403 {
            try #require(!deadline.hasPassed, "the new key is not taken")
        }
    }

    @Test("a secret that Kubernetes replaces is taken on SIGHUP, and not before")
    func signal() throws {
        let mount = Mount(try TemporaryFolder())
        try mount.put(["key": Self.oldKey], version: "1")
        try withGateway(team(mount)) { gateway in
            #expect(try status(gateway, Self.oldKey) == 200)
            try mount.put(["key": Self.newKey], version: "2")
            #expect(try status(gateway, Self.oldKey) == 200)
            gateway.process.signal(SIGHUP)
            try waitForNewKey(gateway)
        }
    }

    @Test("with secrets.reload it is taken without SIGHUP; the configuration itself is left as it was read")
    func watched() throws {
        let mount = Mount(try TemporaryFolder())
        try mount.put(["key": Self.oldKey], version: "1")
        let settings = team(mount).overlaid(with: ["secrets": ["reload": "1s"]])
        try withGateway(settings) { gateway in
            #expect(try status(gateway, Self.oldKey) == 200)
            // Half of a change by hand, for which nobody has sent SIGHUP.
            try gateway.folder.write("{", to: "config.json")
            try mount.put(["key": Self.newKey], version: "2")
            try waitForNewKey(gateway)
            try #require(gateway.process.stderr.wait { $0.contains { $0.contains(#""because":"files""#) } })
            let audit = try gateway.admin("GET", "/audit").json["items"][0]
            #expect(audit["actor"].string == "files" && audit["action"].string == "configuration.reload")
            try gateway.rewriteConfiguration(settings)
        }
    }

    @Test(
        "a new certificate waits for its key: what does not fit is told once and changes nothing",
        arguments: [
            "listen", "admin",
        ]
    )
    func pair(side: String) throws {
        let certificates = try Certificates()
        let (old, new) = (try certificates.issue("old"), try certificates.issue("new"))
        let folder = try TemporaryFolder()
        func put(_ source: String, _ name: String) throws {
            try folder.write(try String(contentsOfFile: source, encoding: .utf8), to: name)
        }
        try put(old.certificate, "tls.pem")
        try put(old.privateKey, "tls.key")
        let tls: JSON = [
            "certificate_file": .string(folder.file("tls.pem")), "private_key_file": .string(folder.file("tls.key")),
        ]
        let settings: JSON = .object([side: ["tls": tls], "secrets": ["reload": "1s"]])
        try withGateway(settings) { gateway in
            let port = side == "listen" ? gateway.port : gateway.adminPort
            #expect(try certificateSubject(port: port) == "old")
            try put(new.certificate, "tls.pem")
            func refusals(_ lines: [String]) -> Int { lines.count { $0.contains("reload_refused") } }
            try #require(gateway.process.stderr.wait { refusals($0) == 1 })
            let refusal = gateway.process.stderr.lines.first { $0.contains("reload_refused") }
            #expect(refusal?.contains("\(side).tls.private_key_file: ") == true)
            #expect(try certificateSubject(port: port) == "old")
            try put(new.privateKey, "tls.key")
            try #require(gateway.process.stderr.wait { $0.contains { $0.contains(#""msg":"reloaded""#) } })
            #expect(try certificateSubject(port: port) == "new")
            #expect(refusals(gateway.process.stderr.lines) == 1)
        }
    }

    @Test("a credential of the service manager is a secret, and what is none is told")
    func credential() throws {
        let credentials = try TemporaryFolder()
        try credentials.write(Self.newKey + "\n", to: "team-key")
        let secret: JSON = ["credential": "team-key"]
        let settings: JSON = ["teams": [["id": "team-c", "keys": [["id": "c-key", "secret": secret]]]]]
        let gateway = try Gateway(settings, environment: ["CREDENTIALS_DIRECTORY": credentials.path])
        #expect(try status(gateway, Self.newKey) == 200)
        try expectCleanEnd(of: gateway)
    }
}
