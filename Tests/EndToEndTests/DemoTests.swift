import TestSupport
import Testing

@Suite("The demo")
struct DemoTests {
    @Test("demo prints a curl line that works as it stands: a miss, then a hit with the same body")
    func curlLine() throws {
        let demo = try ServerProcess.program("tollgate", ["demo", "--admin-address", "127.0.0.1:0"])
        func command(_ lines: [String]) -> String? {
            guard let start = lines.firstIndex(where: { $0.drop { $0 == " " }.hasPrefix("curl ") }) else { return nil }
            guard let end = lines[start...].firstIndex(where: { !$0.hasSuffix("\\") }) else { return nil }
            return lines[start...end].joined(separator: "\n")
        }
        try #require(demo.stdout.wait { command($0) != nil }, "\(demo.stdout.text) \(demo.stderr.text)")
        let line = try #require(command(demo.stdout.lines))
        func run() throws -> (head: Substring, body: Substring) {
            let result = try CommandResult.of(
                ["sh", "-c", line + " --silent --include"],
                environment: ["no_proxy": "127.0.0.1"]
            )
            #expect(result.succeeded, "\(result.stderr)")
            let output = result.output
            let border = try #require(output.firstRange(of: "\r\n\r\n"))
            return (output[..<border.lowerBound], output[border.upperBound...])
        }
        let miss = try run()
        #expect(miss.head.lowercased().contains("cache-status: tollgate; fwd=miss; fwd-status=200; stored"))
        let hit = try run()
        #expect(hit.head.lowercased().contains("cache-status: tollgate; hit; ttl="))
        #expect(String(hit.body.prefix { $0 != "\n" }).isEmpty == miss.body.isEmpty)
        #expect(hit.body == miss.body)
        let others = demo.stdout.lines.filter { $0.hasPrefix("curl ") && $0 != line }
        #expect(others.count == 4)
        let outputs = try others.map { other in
            let result = try CommandResult.of(["sh", "-c", other + " --fail"], environment: ["no_proxy": "127.0.0.1"])
            #expect(result.succeeded, "\(other): \(result.stderr)")
            return result.output
        }
        #expect(outputs[0].lowercased().contains("tollgate-credits-charged: 2"))
        #expect(outputs[1].contains(#""secret": "tg_"#) && outputs[2].contains("team_key.create"))
        #expect(try demo.terminate() == .exit(0))
    }
}
