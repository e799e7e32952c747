import Foundation
import TestSupport
import Testing

/// The files of `deploy/prometheus` and `deploy/grafana`, against promtool and a scrape of the running gateway.
@Suite("What watches the gateway")
struct WatchFileTests {
    private static let deploy = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../deploy").standardized

    private static func path(_ name: String) -> String { deploy.appendingPathComponent(name).path }

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    private func promtool(_ arguments: [String]) throws -> CommandResult {
        try CommandResult.of(["promtool"] + arguments)
    }

    @Test("promtool takes the scrape example and the rules, and every rule does what its test says")
    func rules() throws {
        let configuration = try promtool(["check", "config", Self.path("prometheus/prometheus.yml")])
        #expect(configuration.succeeded, "\(configuration.stderr)")
        let rules = try promtool(["check", "rules", Self.path("prometheus/tollgate.rules.yml")])
        #expect(rules.succeeded, "\(rules.output)\(rules.stderr)")
        let tests = try promtool(["test", "rules", Self.path("prometheus/tollgate.rules.test.yml")])
        #expect(tests.succeeded, "\(tests.output)\(tests.stderr)")
    }

    @Test("every alert is fired by a test, and every recorded series is looked at by one")
    func coverage() throws {
        let rules = try Self.text("prometheus/tollgate.rules.yml")
        let tests = try Self.text("prometheus/tollgate.rules.test.yml")
        let alerts = rules.matches(of: /(?m)- alert: (\w+)$/).map { String($0.1) }
        #expect(alerts.count > 10)
        for alert in alerts {
            let silent = tests.contains(try Regex("alertname: \(alert), exp_alerts: \\[\\]"))
            let fired = tests.contains(try Regex("alertname: \(alert)\\n +exp_alerts:\\n +- exp_labels"))
            #expect(silent && fired, "\(alert)")
        }
        for record in rules.matches(of: /(?m)- record: (\S+)$/) {
            #expect(tests.contains(try Regex("expr: (?:round\\()?\(record.1)\\b")), "\(record.1)")
        }
    }

    /// The expressions of all panels.
    private static func expressions() throws -> [String] {
        let dashboard = try JSON.parse(try text("grafana/tollgate.json").utf8)
        return dashboard["panels"].items.flatMap { $0["targets"].items.compactMap { $0["expr"].string } }
    }

    @Test("promtool takes every expression of the dashboard")
    func dashboard() throws {
        let expressions = try Self.expressions()
        #expect(expressions.count > 20)
        let rules = expressions.enumerated().map { index, expression in
            let filled = expression.replacing("$job", with: ".*").replacing("$team", with: ".*")
            #expect(!filled.contains("$"), "\(expression)")
            return "  - record: panel:expression:\(index)\n    expr: \(JSON.string(filled).text)\n"
        }
        let folder = try TemporaryFolder()
        let file = try folder.write("groups:\n- name: panels\n  rules:\n\(rules.joined())", to: "panels.yml")
        let result = try promtool(["check", "rules", file])
        #expect(result.succeeded, "\(result.output)\(result.stderr)")
    }

    @Test("every metric that the dashboard and the rules name is in a scrape")
    func metrics() throws {
        // What a file has, a database has as well, and what nodes do besides.
        let server = try PostgreSQLServer.shared
        let name = try #require(try server.makeDatabase().split(separator: "/").last)
        let configuration: JSON = [
            "budgets": ["organization": [["window": "month", "credits": 1_000]]],
            "store": ["url": .string(server.socketURL(database: String(name)))],
        ]
        try withGateway(configuration) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.classify("{").status == 400)
            let samples = Set(try Scrape(gateway).values.keys.map(\.name))
            let texts = try Self.expressions() + [Self.text("prometheus/tollgate.rules.yml")]
            let names = Set(
                texts.flatMap { text in
                    // A recorded series has colons in its name.
                    text.replacing(/\w+(?::\w+)+/, with: "").matches(of: /\b(?:tollgate|process)_\w+/).map {
                        String($0.0)
                    }
                }
            )
            .subtracting(["tollgate_recorded", "tollgate_alerts"])
            #expect(names.count > 30)
            #expect(names.subtracting(samples) == [])
        }
    }
}
