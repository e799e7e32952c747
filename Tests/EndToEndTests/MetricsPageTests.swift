import Foundation
import TestSupport
import Testing

/// `docs/metrics.md` §2 against a scrape.
@Suite("The page of metrics")
struct MetricsPageTests {
    private struct Family: Hashable {
        let name: String
        let type: String
    }

    /// Where the families are that a store of one node does not have.
    private static let nodesHeading = "### The nodes of a database"

    /// The rows of the tables of section 2: the families, and their labels by name.
    private static func page(isShared: Bool) throws -> (families: Set<Family>, labels: [String: Set<String>]) {
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../docs/metrics.md").standardized
        let whole = try String(contentsOf: file, encoding: .utf8)
        let start = try #require(whole.range(of: nodesHeading)).lowerBound
        let text = isShared ? whole : String(whole[..<start])
        var families: Set<Family> = []
        var labels: [String: Set<String>] = [:]
        for row in text.matches(of: /(?m)^\| `([a-z_]+)` \| (counter|gauge|histogram|info) \| ([^|]*)\|/) {
            let name = String(row.1)
            // Prometheus's own format has no info.
            families.insert(Family(name: name, type: row.2 == "info" ? "gauge" : String(row.2)))
            labels[name] = Set(row.3.matches(of: /`([a-z]+)`/).map { String($0.1) })
        }
        return (families, labels)
    }

    private static let budgets: JSON = [
        "budgets": ["organization": [["window": "month", "credits": 1_000]]]
    ]

    /// The base configuration's store, or one that several nodes may share.
    private func store(isShared: Bool) throws -> JSON {
        guard isShared else { return Self.budgets }
        let server = try PostgreSQLServer.shared
        let name = try #require(try server.makeDatabase().split(separator: "/").last)
        return Self.budgets.overlaid(with: ["store": ["url": .string(server.socketURL(database: String(name)))]])
    }

    @Test(
        "every family of a scrape is on the page, and every one of the page is in a scrape, with these labels",
        arguments: [false, true]
    )
    func families(_ isShared: Bool) throws {
        try withGateway(try store(isShared: isShared)) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.classify("{").status == 400)
            let scrape = try Scrape(gateway)
            let (families, labels) = try Self.page(isShared: isShared || StoreUnderTest.isPostgreSQL)
            #expect(Set(scrape.types.map { Family(name: $0, type: $1) }) == families)
            var seen: Set<String> = []
            for sample in scrape.values.keys {
                let isHistogram = scrape.types[sample.name] == nil
                let name =
                    isHistogram ? sample.name.replacing(/_(bucket|sum|count)$/, with: "") : sample.name
                seen.insert(name)
                #expect(Set(sample.labels.keys).subtracting(["le"]) == labels[name], "\(sample)")
            }
            #expect(seen == Set(families.map(\.name)), "a family without a sample")
        }
    }

    /// Names that would break out of a label's value, if it were not escaped.
    private static let hostileNames = [
        #"A "quoted" name"#, #"back\slash\"#, "line\nfeed\r\n# TYPE x counter", "\u{202E}tfel ot thgir\u{200F}",
        #""} 1"#,
    ]

    @Test("promtool finds nothing to say about a scrape, whatever the teams are called", arguments: [false, true])
    func promtool(_ isShared: Bool) throws {
        try withGateway(try store(isShared: isShared)) { gateway in
            for (number, name) in Self.hostileNames.enumerated() {
                let team: JSON = ["id": .string("team-\(number)"), "name": .string(name), "account": "default"]
                #expect(try gateway.admin("POST", "/teams", team).status == 201)
            }
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            expectHit(try gateway.classify(SampleRequests.vendors))
            let scrape = try Scrape(gateway)
            let escaped = scrape.values.keys.filter { $0.name == "tollgate_team_info" }.map { $0.labels["name"] ?? "" }
            let names = escaped.map {
                $0.replacing("\\\\", with: "\u{0}").replacing("\\n", with: "\n").replacing("\\\"", with: "\"")
                    .replacing("\u{0}", with: "\\")
            }
            #expect(Set(names) == Set(Self.hostileNames + ["Team A", "Team B"]))
            try gateway.folder.write(scrape.text, to: "scrape.txt")
            let path = gateway.folder.file("scrape.txt")
            let result = try CommandResult.of(["sh", "-c", "promtool check metrics < '\(path)'"])
            #expect(
                result.succeeded && result.output.isEmpty && result.stderr.isEmpty,
                "\(result.output)\(result.stderr)"
            )
        }
    }

    @Test("OpenMetrics is given to those who prefer it, with the same samples")
    func openMetrics() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            // As Prometheus asks.
            let accept =
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
            let answer = try Scrape.ask(gateway, accept: accept)
            #expect(answer["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
            #expect(answer.text.hasSuffix("\n# EOF\n"))
            #expect(answer.text.contains("\n# TYPE tollgate_requests counter\n"))
            #expect(answer.text.contains("\n# UNIT process_cpu_seconds seconds\n"))
            let names = { (scrape: Scrape) in Set(scrape.values.keys.map(\.name)) }
            #expect(try names(Scrape(answer.text)) == names(Scrape(gateway)))
        }
    }

    @Test("neither a token nor a method beside GET is asked for; what it holds names no document, request or secret")
    func access() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            expectStoredMiss(try gateway.classify(body, [("x-request-id", "request-4711")]))
            #expect(try gateway.classify(body, key: "not-a-key-0123456789").status == 403)
            for path in ["/metrics/", "/metrics/x", "/Metrics", "//metrics"] {
                #expect(try [400, 404].contains(Scrape.ask(gateway, "GET", path).status), "\(path)")
            }
            let refused = try Scrape.ask(gateway, "POST")
            #expect(refused.status == 405 && refused["allow"] == "GET, HEAD")
            let head = try Scrape.ask(gateway, "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
            // A scraper's own parameters change nothing.
            let text = try Scrape.ask(gateway, "GET", "/metrics?target=x").text
            #expect(text.contains("tollgate_requests_total"))
            for piece in [document, "request-4711", "not-a-key", Gateway.keyA, VendorSim.key, Gateway.adminToken] {
                #expect(!text.contains(piece), "\(piece)")
            }
            for piece in SampleRequests.confidentialPieces { #expect(!text.contains(piece), "\(piece)") }
            // The clients' side has no such path.
            #expect(try gateway.send(TestRequest("GET", "/metrics")).status == 404)
        }
    }
}
