import Foundation
import TestSupport
import Testing

@Suite("The commands check and key")
struct CommandTests {
    @Test("check prints every fault of a file, each with its path, and exits 1")
    func fiveFaults() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            {
              "listen": { "address": "nowhere", "max_body_bytes": 17 },
              "upstream": {
                "base_url": "https://vendor.test",
                "keys": [ { "id": "primary", "account": "default", "secret": { "env": "TOLLGATE_TEST_UNSET" } } ]
              },
              "cache": { "ttl": "a month", "memori": "1MiB" }
            }
            """,
            to: "config.json"
        )
        let result = try CommandResult.ofProgram("tollgate", ["check", "--config", file])
        #expect(result.end == .exit(1))
        let lines = (result.output + result.stderr).split(separator: "\n").map(String.init)
        let unset = "upstream.keys[0].secret: environment variable TOLLGATE_TEST_UNSET is not set"
        for path in ["listen.address: ", "listen.max_body_bytes: ", unset, "cache.ttl: ", "cache.memori: "] {
            #expect(lines.count { $0.hasPrefix("\(file): \(path)") } == 1, "\(path) in \(lines)")
        }
        #expect(lines.count { $0.hasPrefix("\(file): ") } == 5)
    }

    @Test("serve refuses such a file in the same way")
    func serveRefuses() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(#"{"upstream": {}}"#, to: "config.json")
        let result = try CommandResult.ofProgram("tollgate", ["serve", "--config", file])
        #expect(result.end == .exit(1))
        #expect(result.stderr.contains("upstream.base_url"))
        #expect(result.stderr.contains("upstream.keys"))
        #expect(result.output.isEmpty)
    }

    @Test("check accepts a sound file, and reads secrets from variables and files without showing them")
    func soundFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("secret-out-of-a-file\n", to: "team-key")
        let secrets: JSON = [
            "upstream": [
                "keys": [["id": "primary", "account": "default", "secret": ["env": "TOLLGATE_TEST_VENDOR_KEY"]]]
            ],
            "teams": [
                ["id": "t", "name": "T", "account": "default", "keys": [["id": "k", "secret": ["file": "team-key"]]]]
            ],
        ]
        let base = Gateway.baseConfiguration(vendorURL: "https://vendor.test", folder: folder)
        let file = try folder.write(base.overlaid(with: secrets).text, to: "config.json")
        let result = try CommandResult.ofProgram(
            "tollgate",
            ["check", "--config", file],
            environment: ["TOLLGATE_TEST_VENDOR_KEY": "secret-out-of-a-variable"]
        )
        #expect(result.end == .exit(0), "\(result.output)\(result.stderr)")
        #expect(!(result.output + result.stderr).contains("secret-out-of"))
    }

    @Test("check of a file that is not there names it")
    func missingFile() throws {
        let result = try CommandResult.ofProgram("tollgate", ["check", "--config", "/nonexistent/tollgate.json"])
        #expect(result.end == .exit(1))
        #expect((result.output + result.stderr).contains("/nonexistent/tollgate.json"))
    }

    @Test("key prints canonical form and cache key, the same for two spellings, another for another question")
    func key() throws {
        let folder = try TemporaryFolder()
        let document = SampleRequests.newDocumentID()
        let plain = try folder.write(SampleRequests.about(document), to: "plain.json")
        let spelled = try folder.write(
            SampleRequests.about(document.uppercased(), extra: ", \"query_model\" : null"),
            to: "b"
        )
        let other = try folder.write(SampleRequests.about(document, extra: ",\"page_range\":\"1\""), to: "other.json")
        let first = try CommandResult.ofProgram("tollgate", ["key", plain])
        #expect(first.succeeded, "\(first.stderr)")
        #expect(first.output.contains(document))
        #expect(first.output.firstMatch(of: /[0-9a-f]{64}/) != nil)
        #expect(try CommandResult.ofProgram("tollgate", ["key", spelled]).output == first.output)
        #expect(try CommandResult.ofProgram("tollgate", ["key", other]).output != first.output)

        let program = try ServerProcess.path(ofProgram: "tollgate")
        let piped = try CommandResult.of(["sh", "-c", #""$1" key - <"$2""#, "sh", program, plain])
        #expect(piped.output == first.output)
    }

    @Test("key says what is wrong with a body, and exits 1")
    func keyOfUnsoundBody() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(#"{"document_id": 5}"#, to: "body.json")
        let result = try CommandResult.ofProgram("tollgate", ["key", file])
        #expect(result.end == .exit(1))
        #expect(result.stderr.contains("document_id"))
    }

    @Test("the example configuration is sound when its three variables are set, and says what to type when not")
    func exampleConfiguration() throws {
        let example = try exampleFile()
        let names = ["DOCUMENTPRO_API_KEY", "TOLLGATE_TEAM_KEY", "TOLLGATE_ADMIN_TOKEN"]
        let secrets = Dictionary(uniqueKeysWithValues: names.map { ($0, "\($0.lowercased())-0123456789") })
        let sound = try CommandResult.ofProgram("tollgate", ["check", "--config", example], environment: secrets)
        #expect(sound.succeeded, "\(sound.output)\(sound.stderr)")
        let unset = ["env"] + names.flatMap { ["-u", $0] }
        let program = try ServerProcess.path(ofProgram: "tollgate")
        let missing = try CommandResult.of(unset + [program, "check", "--config", example])
        #expect(missing.end == .exit(1))
        for name in names {
            #expect((missing.output + missing.stderr).contains("export \(name)="), "\(missing.output)\(missing.stderr)")
        }
    }

    /// The file at the top of the package, found from this source file.
    private func exampleFile(_ source: String = #filePath) throws -> String {
        let top = URL(fileURLWithPath: source).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return top.appendingPathComponent("config.example.json").path
    }
}
