import Forms
import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Configuration

@Suite("Configuration files")
struct ConfigurationFileTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    @Test("several faults are all told, one line each, in the order of the file")
    func severalFaults() throws {
        let text = """
            {"log": {"level": "loud"},
             "teams": [{"id": "t", "keys": [{"id": "k", "secret": {"value": "short"}}, {"id": "k"}], "modles": []},
                       {"id": "t", "account": 5}],
             "upstream": {"keys": [{"secret": {"env": "NOT_SET_9"}, "id": "a b"}, "x"], "max_queue": -1},
             "listen": {"idle_timeout": "1 s", "address": "x", "surprise\\n\\u001b": 1},
             "cache": 5}
            """
        #expect(
            bench.faults(text) == [
                #"log.level: must be one of "trace", "debug", "info", "notice", "warning", "error", "critical""#,
                "teams[0].keys[0].secret: must have 16 or more visible ASCII characters",
                "teams[0].keys[1].secret: is missing; give {\"env\": \"NAME\"}, {\"file\": \"PATH\"}, {\"credential\": \"NAME\"} or {\"value\": \"…\"}",
                "teams[0].keys[1].id: stands twice; key ids are unique over all teams",
                "teams[0].modles: is not a member that is known here; did you mean models?",
                "teams[1].id: stands twice; give each team its own",
                "teams[1].account: must be a string, not a number",
                "upstream.base_url: is missing; give the vendor's address",
                "upstream.keys[0].secret: environment variable NOT_SET_9 is not set",
                "upstream.keys[0].id: must be 1 to 64 letters, digits, dots, hyphens or underscores",
                "upstream.keys[1]: must be an object, not a string",
                "upstream.max_queue: must be a whole number from 0 to 1000000",
                #"listen.idle_timeout: must be a duration like "250ms", "30s", "15m", "24h" or "30d""#,
                #"listen.address: must be host:port or [v6]:port, like "127.0.0.1:8080""#,
                "listen.surprise??: is not a member that is known here",
                "cache: must be an object, not a number",
            ]
        )
    }

    @Test("identifiers are unique among upstream keys, teams, and the keys of all teams; tokens by name")
    func duplicates() throws {
        let text = """
            {"admin": {"tokens": [{"name": "n", "secret": {"value": "1"}}, {"name": "n", "secret": {"value": "2"}}]},
             "upstream": {"base_url": "https://h",
                          "keys": [{"id": "k", "secret": {"value": "3"}}, {"id": "k", "secret": {"value": "4"}}]},
             "teams": [{"id": "k", "keys": [{"id": "k", "secret": {"value": "5555555555555555"}}]},
                       {"id": "u", "keys": [{"id": "k", "secret": {"value": "6666666666666666"}}]}]}
            """
        #expect(
            bench.faults(text) == [
                "admin.tokens[1].name: stands twice; give each token its own",
                "upstream.keys[1].id: stands twice; give each key its own",
                "teams[1].keys[0].id: stands twice; key ids are unique over all teams",
            ]
        )
    }

    @Test(
        "what is not JSON, or no object, is one clear line",
        arguments: [
            ("", "is not valid JSON: line 1, column 1: the text ends too early"),
            ("{\n  listen}", "is not valid JSON: line 2, column 3: a member's name in quotes is missing"),
            ("{} x", "is not valid JSON: line 1, column 4: something follows the end of the text"),
            ("[]", "must be an object, not an array"), ("null", "must be an object, not null"),
            (
                #"{"listen": {}, "listen": {}}"#,
                "is not valid JSON: line 1, column 16: a member's name stands twice in one object"
            ),
            (
                #"{"log": {"level": "info", "level": "info"}}"#,
                "is not valid JSON: line 1, column 27: a member's name stands twice in one object"
            ),
        ]
    )
    func notJSON(_ text: String, _ message: String) throws {
        #expect(bench.faults(text) == [message])
    }

    @Test("a file that is not there, is a folder or is too large is one clear line")
    func unreadable() throws {
        let missing = "cannot be read; give the path of a configuration with --config"
        for path in [bench.folder.file("nowhere.json"), bench.folder.path, ""] {
            #expect(throws: ConfigurationFaults(faults: [FormFault(path: "", message: missing)])) {
                try ConfigurationFile.load(path: path, environment: [:]).get()
            }
        }
        let pipe = bench.folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let irregular = "is no regular file; give the path of a configuration with --config"
        #expect(throws: ConfigurationFaults(faults: [FormFault(path: "", message: irregular)])) {
            try ConfigurationFile.load(path: pipe, environment: [:]).get()
        }
        let large = try bench.folder.write(String(repeating: " ", count: 16 << 20) + Samples.least, to: "large.json")
        #expect(throws: ConfigurationFaults(faults: [FormFault(path: "", message: "is larger than 16 MiB")])) {
            try ConfigurationFile.load(path: large, environment: [:]).get()
        }
    }

    @Test("paths in a configuration begin at its own folder")
    func relativePaths() throws {
        let inner = bench.folder.file("inner")
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        let text = try ConfigurationText(Samples.least).replacing("upstream.ca_file", by: #""../ca.pem""#).text
        let file = try bench.folder.write(text, to: "inner/tollgate.json")
        let read = try ConfigurationFile.load(path: file, environment: bench.environment).get()
        #expect(read.upstream.authorities?.file == bench.folder.file("ca.pem"))
        #expect(
            bench.faults(text) == ["upstream.ca_file: file ../ca.pem cannot be read; create it or correct the path"]
        )
    }

    @Test("what a file of TLS lacks is told at its member, all of it at once")
    func certificates() throws {
        let other = try Certificates().issue("other")
        try bench.folder.write("no PEM\n", to: "empty.pem")
        let encrypted = bench.folder.file("encrypted.key")
        let made = try CommandResult.of([
            "openssl", "pkey", "-in", other.privateKey, "-aes256", "-passout", "pass:secret", "-out", encrypted,
        ])
        #expect(made.succeeded, "\(made.stderr)")
        func faults(_ changes: [(String, String)]) throws -> [String] {
            var text = try ConfigurationText(Samples.contract)
            for (path, file) in changes { text = try text.replacing(path, by: "\"\(file)\"") }
            return bench.faults(text.text)
        }
        let told = try faults([
            ("listen.tls.private_key_file", other.privateKey), ("listen.tls.client_ca_file", "empty.pem"),
            ("admin.tls.certificate_file", "empty.pem"), ("admin.tls.private_key_file", encrypted),
            ("upstream.ca_file", "server.key"),
        ])
        let file = bench.folder.file
        #expect(told.count == 5, "\(told)")
        #expect(told[0].hasPrefix("listen.tls.private_key_file: \(other.privateKey): not the key of "))
        #expect(told[1] == "listen.tls.client_ca_file: \(file("empty.pem")): no certificate in PEM")
        #expect(told[2] == "admin.tls.certificate_file: \(file("empty.pem")): no certificate in PEM")
        #expect(
            told[3].hasPrefix("admin.tls.private_key_file: \(encrypted): has a passphrase, which the gateway cannot")
        )
        #expect(told[4] == "upstream.ca_file: \(file("server.key")): no certificate in PEM")
    }

    @Test("a private key that others may read is warned of")
    func readableKey() throws {
        let key = bench.folder.file("server.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        let warnings = try bench.configuration(Samples.contract).warnings
        let message = "file server.key may be read by others; type: chmod 600 server.key"
        #expect(
            warnings
                == ["admin.tls.private_key_file: \(message)", "listen.tls.private_key_file: \(message)"].reversed()
        )
    }

    @Test(
        "an account that no key of the file has may be one of the store's: it is told, and judged where that is known"
    )
    func accountElsewhere() throws {
        let text = try ConfigurationText(Samples.contract).replacing("teams[0].account", by: #""other""#).text
        let configuration = try bench.configuration(text)
        #expect(configuration.accountsElsewhere.map(\.remark).first?.hasPrefix("teams[0].account: ") == true)
        let (other, default_) = (AccountID(rawValue: "other"), AccountID(rawValue: "default"))
        try configuration.checkAccounts(against: [default_, other])
        let faults = #expect(throws: ConfigurationFaults.self) { try configuration.checkAccounts(against: [default_]) }
        #expect(faults?.faults.map(\.path) == ["teams[0].account"])
        #expect(try bench.configuration(Samples.contract).accountsElsewhere == [])
    }

    @Test("which store a file names is read without the rest, whose faults and secrets do not matter then")
    func storeAlone() throws {
        func load(_ text: String) -> Result<GatewayConfiguration, ConfigurationFaults> {
            let surroundings = Surroundings(folder: URL(fileURLWithPath: bench.folder.path), environment: [:])
            return ConfigurationFile.readStore(Array(text.utf8), surroundings)
        }
        let text = #"{"store": {"url": "sqlite:a b.db", "migrate": false}, "listen": 5, "more": {"env": "UNSET"}}"#
        let read = try load(text).get()
        #expect(read.store.url == "sqlite:a b.db" && !read.store.migrates)
        #expect(try load("{}").get().store.url == "sqlite:tollgate.db")
        for (text, fault) in [
            (#"{"store": {"urls": "sqlite:a.db"}}"#, "store.urls"), (#"{"store": {"url": "a.db"}}"#, "store.url"),
            (#"{"store": []}"#, "store"), ("[]", ""), ("{", ""),
        ] {
            let faults = #expect(throws: ConfigurationFaults.self) { try load(text).get() }
            #expect(faults?.faults.map(\.path) == [fault], "\(text)")
        }
    }

    @Test("a URL of PostgreSQL is taken as it is, but for one with a password, which is not repeated")
    func postgreSQL() throws {
        let password = "store.url: has a password; put it into store.password"
        for (url, expected) in [
            ("postgresql://h/d", []), ("postgres://user@h:5432/d?sslmode=require", []),
            ("postgresql://user:hidden@h/d", [password]), ("postgresql://h/d?password=hidden", [password]),
        ] {
            let text = try ConfigurationText(Samples.contract).replacing("store.url", by: "\"\(url)\"").text
            #expect(bench.faults(text) == expected)
        }
    }

    @Test("the configuration that comes with the repository is in order once its three variables are set")
    func example() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("config.example.json").path
        var environment = [
            "DOCUMENTPRO_API_KEY": "vendor-key", "TOLLGATE_TEAM_KEY": "a-team-key-of-16-characters",
            "TOLLGATE_ADMIN_TOKEN": "an-admin-token",
        ]
        let read = try ConfigurationFile.load(path: file, environment: environment).get()
        #expect(read.warnings == [])
        #expect(read.upstream.keys.map(\.secret.bytes) == [Array("vendor-key".utf8)])
        #expect(read.teams.flatMap(\.keys).map(\.secret.bytes) == [Array("a-team-key-of-16-characters".utf8)])
        environment = [:]
        let expected = [
            "admin.tokens[0].secret: environment variable TOLLGATE_ADMIN_TOKEN is not set",
            "upstream.keys[0].secret: environment variable DOCUMENTPRO_API_KEY is not set",
            "teams[0].keys[0].secret: environment variable TOLLGATE_TEAM_KEY is not set",
        ]
        guard case .failure(let faults) = ConfigurationFile.load(path: file, environment: environment) else {
            Issue.record("in order without its variables")
            return
        }
        #expect(faults.faults.map(\.description) == expected)
    }
}
