import Foundation
import TestSupport
import Testing

@testable import Configuration

@Suite("Secrets")
struct SecretTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    static let places = [
        "admin.tokens[0].secret", "upstream.keys[0].secret", "teams[0].keys[0].secret", "store.password",
        "alerts.secret",
    ]

    private func faults(_ path: String, _ secret: String) throws -> [String] {
        try bench.faults(ConfigurationText(Samples.contract).replacing(path, by: secret).text)
    }

    private func secrets(_ configuration: GatewayConfiguration) -> [String: [UInt8]] {
        [
            "admin.tokens[0].secret": configuration.admin.tokens.first?.secret.bytes ?? [],
            "upstream.keys[0].secret": configuration.upstream.keys.first?.secret.bytes ?? [],
            "teams[0].keys[0].secret": configuration.teams.first?.keys.first?.secret.bytes ?? [],
            "store.password": configuration.store.password?.bytes ?? [],
            "alerts.secret": configuration.alerts?.secret.bytes ?? [],
        ]
    }

    @Test("a variable that is not set, or is empty, is told by name", arguments: places)
    func variables(_ path: String) throws {
        let missing = try faults(path, #"{"env": "NOT_SET_9"}"#)
        #expect(missing == ["\(path): environment variable NOT_SET_9 is not set"])
        var bench = self.bench
        bench.environment["EMPTY"] = ""
        let text = try ConfigurationText(Samples.contract).replacing(path, by: #"{"env": "EMPTY"}"#).text
        #expect(bench.faults(text) == ["\(path): environment variable EMPTY is empty"])
    }

    @Test("a secret comes from a file beside the configuration, without its line end", arguments: places)
    func files(_ path: String) throws {
        let text = try ConfigurationText(Samples.contract).replacing(path, by: #"{"file": "secret.txt"}"#).text
        for end in ["", "\n", "\r\n"] {
            try bench.folder.write("out-of-a-file-1234" + end, to: "secret.txt")
            let configuration = try bench.configuration(text)
            #expect(secrets(configuration)[path] == Array("out-of-a-file-1234".utf8))
            #expect(configuration.warnings == [])
        }
        let absolute = bench.folder.file("secret.txt")
        let byPath = try ConfigurationText(Samples.contract).replacing(path, by: #"{"file": "\#(absolute)"}"#).text
        #expect(try secrets(bench.configuration(byPath))[path] == Array("out-of-a-file-1234".utf8))
    }

    @Test(
        "a file that is missing or empty is told by name, and one that others may read is warned of",
        arguments: places
    )
    func filesInTrouble(_ path: String) throws {
        let secret = #"{"file": "secret.txt"}"#
        let missing = try faults(path, secret)
        #expect(missing == ["\(path): file secret.txt cannot be read; create it or correct the path"])
        for content in ["", "\n", "\r\n"] {
            try bench.folder.write(content, to: "secret.txt")
            #expect(try faults(path, secret) == ["\(path): file secret.txt is empty; put the secret there"])
        }
        try bench.folder.write(String(repeating: "x", count: 8_193), to: "secret.txt")
        let long = "file secret.txt is longer than 8192 bytes; it is to hold the secret alone"
        #expect(try faults(path, secret) == ["\(path): \(long)"])
        let file = try bench.folder.write("out-of-a-file-1234\n", to: "secret.txt")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let text = try ConfigurationText(Samples.contract).replacing(path, by: secret).text
        let warning = "\(path): file secret.txt may be read by others; type: chmod 600 secret.txt"
        #expect(try bench.configuration(text).warnings == [warning])
    }

    @Test("a secret comes from a credential of the service manager, in the folder that it names", arguments: places)
    func credentials(_ path: String) throws {
        let text = try ConfigurationText(Samples.contract).replacing(path, by: #"{"credential": "team.key"}"#).text
        #expect(
            bench.faults(text) == [
                "\(path): credential team.key: environment variable CREDENTIALS_DIRECTORY is not set; "
                    + "systemd sets it for a service with LoadCredential=team.key"
            ]
        )
        let credentials = try TemporaryFolder()
        var bench = self.bench
        bench.environment["CREDENTIALS_DIRECTORY"] = credentials.path
        #expect(
            bench.faults(text) == ["\(path): credential team.key cannot be read; create it or correct the path"]
        )
        let file = try credentials.write("out-of-a-credential-1234\n", to: "team.key")
        #expect(try secrets(bench.configuration(text))[path] == Array("out-of-a-credential-1234".utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let warning = "\(path): credential team.key may be read by others; type: chmod 600 \(file)"
        #expect(try bench.configuration(text).warnings == [warning])
    }

    @Test(
        "a credential's name leads nowhere else, and one that does is not repeated",
        arguments: ["", ".", "..", "../hidden-1", "a/hidden-1", "/etc/hidden-1", ".hidden-1", "hidden 1", "hidden-ä"]
    )
    func credentialNames(_ name: String) throws {
        var bench = self.bench
        bench.environment["CREDENTIALS_DIRECTORY"] = bench.folder.path
        let path = "upstream.keys[0].secret"
        let text = try ConfigurationText(Samples.contract).replacing(path, by: #"{"credential": "\#(name)"}"#).text
        let faults = bench.faults(text)
        #expect(
            faults.count == 1 && faults[0].hasPrefix("\(path): credential must be a name as in LoadCredential=NAME")
        )
        #expect(!faults[0].contains("hidden"))
    }

    @Test("a secret is exactly one of env, file and value", arguments: places)
    func forms(_ path: String) throws {
        let form = #"\#(path): must be {"env": "NAME"}, {"file": "PATH"}, {"credential": "NAME"} or {"value": "…"}"#
        for wrong in [
            "{}", #"{"env": "AP_BATCH_KEY", "file": "f"}"#, #"{"value": "hidden-1234567890", "env": "AP_BATCH_KEY"}"#,
            #"{"Env": "AP_BATCH_KEY"}"#, #"{"value": 5}"#, #"{"value": "x", "hidden-1234567890": 1}"#,
            #""hidden-1234567890""#, #"["hidden-1234567890"]"#, "null",
        ] {
            #expect(try faults(path, wrong) == [form], "\(wrong)")
        }
        #expect(try faults(path, #"{"value": ""}"#).first?.hasPrefix("\(path): the value is empty; ") == true)
    }

    @Test("a secret has visible ASCII only, wherever it comes from", arguments: places)
    func visible(_ path: String) throws {
        let message = "\(path): has a character that is not visible ASCII; a space or line break may have slipped in"
        for wrong in [
            "has a space 1234567890", "\u{e4}bcdefghijklmnopq", "tab\\tabcdefghijklmnop", "1234567890abcdef\\n",
        ] {
            #expect(try faults(path, #"{"value": "\#(wrong)"}"#) == [message])
        }
        try bench.folder.write("two-lines-of-a-file\n\n", to: "secret.txt")
        #expect(try faults(path, #"{"file": "secret.txt"}"#) == [message])
        var bench = self.bench
        bench.environment["WITH_DELETE"] = "1234567890abcdef\u{7f}"
        let text = try ConfigurationText(Samples.contract).replacing(path, by: #"{"env": "WITH_DELETE"}"#).text
        #expect(bench.faults(text) == [message])
    }

    @Test("what stands for a variable's name and is none is not repeated: it may be the secret")
    func misplaced() throws {
        let path = "upstream.keys[0].secret"
        for wrong in ["sk-hidden-123", "1ABC", "", "A B", "A\\nB", "Ä"] {
            let message = "\(path): env must be the name of an environment variable: letters, digits and underscores"
            #expect(try faults(path, #"{"env": "\#(wrong)"}"#) == [message])
        }
    }

    @Test("a team's key has 16 characters or more", arguments: [(15, false), (16, true)])
    func teamKeyLength(_ length: Int, _ isSound: Bool) throws {
        let secret = String(repeating: "k", count: length)
        let faults = try faults("teams[0].keys[0].secret", #"{"value": "\#(secret)"}"#)
        #expect(faults == (isSound ? [] : ["teams[0].keys[0].secret: must have 16 or more visible ASCII characters"]))
    }

    @Test("no two things have one secret; two entries for one vendor key are only warned of")
    func duplicates() throws {
        let text = """
            {"admin": {"tokens": [{"name": "a", "secret": {"value": "twice-twice-twice-1"}},
                                  {"name": "b", "secret": {"value": "twice-twice-twice-1"}}]},
             "upstream": {"base_url": "https://h",
                          "keys": [{"id": "k", "secret": {"value": "twice-twice-twice-2"}},
                                   {"id": "l", "secret": {"value": "twice-twice-twice-1"}}]},
             "teams": [{"id": "t", "keys": [{"id": "1", "secret": {"value": "twice-twice-twice-2"}},
                                            {"id": "2", "secret": {"value": "twice-twice-twice-3"}}]},
                       {"id": "u", "keys": [5, {"id": "3", "secret": {"value": "twice-twice-twice-3"}}]}]}
            """
        #expect(
            bench.faults(text) == [
                "admin.tokens[1].secret: is the same secret as admin.tokens[0].secret; give each its own",
                "upstream.keys[1].secret: is the same secret as admin.tokens[0].secret; give each its own",
                "teams[0].keys[0].secret: is the same secret as upstream.keys[0].secret; give each its own",
                "teams[1].keys[0]: must be an object, not a number",
                "teams[1].keys[1].secret: is the same secret as teams[0].keys[1].secret; give each its own",
            ]
        )
        let vendorOnly = """
            {"upstream": {"base_url": "https://h",
                          "keys": [{"id": "k", "secret": {"env": "DOCUMENTPRO_API_KEY"}},
                                   {"id": "l", "secret": {"env": "DOCUMENTPRO_API_KEY"}}]}}
            """
        let warning = "upstream.keys[1].secret: is the same secret as upstream.keys[0].secret; give each its own"
        #expect(try bench.configuration(vendorOnly).warnings == [warning])
    }

    @Test("a secret in the configuration itself is warned of, and the more when others may read the file")
    func inTheConfiguration() throws {
        let secret = #"{"value": "in-the-file-1234"}"#
        let text = try ConfigurationText(Samples.contract).replacing("alerts.secret", by: secret).text
        let warning = "alerts.secret: stands in the configuration itself; env or file keeps it out"
        #expect(try bench.configuration(text).warnings == [warning])
        let open = "the file: holds secrets and may be read by others; type: chmod 600"
        let file = try bench.folder.write(text, to: "open.json")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let read = try ConfigurationFile.load(path: file, environment: bench.environment).get()
        #expect(read.warnings == [warning, open])
        let clean = try bench.folder.write(Samples.contract, to: "clean.json")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: clean)
        #expect(try ConfigurationFile.load(path: clean, environment: bench.environment).get().warnings == [])
    }

    // MARK: Nothing is seen of them

    private func seen(_ value: some Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text + String(describing: value) + String(reflecting: value)
    }

    @Test("no secret stands in the text, the reflection or the dump of a configuration and of the gateway's settings")
    func unseen() throws {
        let privateKey = String(decoding: try bench.folder.read("server.key"), as: UTF8.self)
        let keyLine = String(privateKey.split(separator: "\n")[1])
        let secrets = [
            Secrets.adminToken, Secrets.upstreamKey, Secrets.teamKey, Secrets.webhook, Secrets.storePassword,
            "token-for-looking", "second-key-of-the-vendor", "another-key-of-legal",
            keyLine,
        ]
        let configuration = try bench.configuration(Samples.unusual)
        var texts = [seen(configuration), seen(configuration.upstream.keys[0].secret)]
        texts.append(seen(try configuration.ownSettings()))
        texts += configuration.warnings
        // What is searched is what the values show: what is no secret stands in it.
        #expect(texts[0].contains("legal-2") && texts[2].contains("first"))
        for text in texts {
            let compact = text.filter { !$0.isWhitespace }
            for secret in secrets {
                #expect(!text.contains(secret))
                let bytes = Array(secret.utf8).map(String.init)
                #expect(!compact.contains(bytes.joined(separator: ",")))
                #expect(!compact.contains(bytes.joined(separator: "-")))
            }
        }
    }

    @Test(
        "no secret stands in a fault, whatever member is at fault",
        arguments: ConfigurationReaderTests.places.map(\.path)
    )
    func unseenInFaults(_ path: String) throws {
        var text = try ConfigurationText(Samples.contract)
        for place in Self.places {
            text = try text.replacing(place, by: #"{"value": "hidden-\#(place.count)-1234567890"}"#)
        }
        for wrong in ["5", #""x y""#, "[]", "{}"] {
            for fault in try bench.faults(text.replacing(path, by: wrong).text) {
                #expect(!fault.contains("hidden"), "\(wrong): \(fault)")
            }
        }
    }
}
