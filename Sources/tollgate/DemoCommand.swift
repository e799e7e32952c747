import ArgumentParser
import Budgeting
import Configuration
import EventLoops
import Foundation
import Transport
import VendorSimulation
import Vocabulary

/// `tollgate demo`: a simulated vendor and a gateway in front of it, to try out with curl.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Start a simulated vendor and a gateway before it, with a demo team.",
        discussion: """
            Everything is gone when it ends.

            EXAMPLES
              tollgate demo
              tollgate demo --history
              tollgate demo --address 127.0.0.1:0 --admin-address 127.0.0.1:0
            """
    )

    @Option(help: "Where the gateway listens; port 0 takes a free one.")
    var address = "127.0.0.1:8080"

    @Option(help: "Where the gateway's admin side listens; port 0 takes a free one.")
    var adminAddress = "127.0.0.1:9090"

    @Flag(help: "Begin with a month of made-up traffic of five teams.")
    var history = false

    private static let vendorKey = "vendor-demo-key"
    private static let teamKey = "demo-team-key-0001"
    private static let adminToken = "demo-admin-token-0001"
    private static let body = """
        {"document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", "classification_schema": [\
        {"label": "invoice", "description": "A document requesting payment for goods or services rendered"}, \
        {"label": "contract", "description": "A legally binding agreement between two or more parties"}], \
        "page_range": "1-2"}
        """

    func run() throws {
        guard let listen = ListenAddress(parsing: address) else {
            throw ValidationError("--address must be host:port, like 127.0.0.1:8080")
        }
        guard let admin = ListenAddress(parsing: adminAddress) else {
            throw ValidationError("--admin-address must be host:port, like 127.0.0.1:9090")
        }
        var options = SimulatedVendorOptions()
        options.settings.keys = [Self.vendorKey]
        let vendor = try SimulatedVendorServer.start(options)
        defer { vendor.stop() }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        if history {
            guard let calendar = BudgetCalendar(timeZone: "UTC") else { preconditionFailure("there is no UTC") }
            try DemoHistory(calendar: calendar, now: SystemClock.wall()).write(to: "\(folder.path)/tollgate.db")
        }
        let file = folder.appendingPathComponent("config.json")
        try configuration(listen: listen, admin: admin, vendor: vendor.url, folder: folder)
            .write(to: file, atomically: true, encoding: .utf8)
        let configuration = try LoadedConfiguration.load(file.path).configuration
        let logs = try Logs(configuration.log)
        try Service.run(configuration, logs: logs) { service in
            logs.announce(DemoCommand.greeting(gateway: service.clientURL, admin: service.adminURL, vendor: vendor.url))
        }
    }

    /// The demo is configured by a file, like any other gateway.
    private func configuration(
        listen: ListenAddress,
        admin: ListenAddress,
        vendor: String,
        folder: URL
    ) -> String {
        let key = #"{"id": "demo-key", "secret": {"value": "\#(Self.teamKey)"}}"#
        let teams = [#"{"id": "demo", "name": "Demo", "keys": [\#(key)]}"#] + (history ? Self.teamsOfHistory : [])
        let limit = #"{"window": "month", "credits": \#(DemoHistory.organizationBudget)}"#
        return """
            {
              "listen": {"address": "\(listen)"},
              "admin": {"address": "\(admin)",
                        "tokens": [{"name": "demo", "role": "admin", "secret": {"value": "\(Self.adminToken)"}}]},
              "upstream": {"base_url": "\(vendor)",
                           "keys": [{"id": "demo", "secret": {"value": "\(Self.vendorKey)"}}]},
              "store": {"url": "sqlite:\(folder.path)/tollgate.db"},
              "budgets": {"organization": [\(history ? limit : "")]},
              "teams": [\(teams.joined(separator: ", "))]
            }
            """
    }

    private static var teamsOfHistory: [String] {
        DemoHistory.teams.map { team in
            let key = #"{"id": "\#(team.key)", "secret": {"value": "\#(team.id)-demo-key-0001"}}"#
            let budget = #"{"window": "month", "credits": \#(team.budget), "enforce": \#(team.isEnforced)}"#
            return #"{"id": "\#(team.id)", "name": "\#(team.name)", "budgets": [\#(budget)], "keys": [\#(key)]}"#
        }
    }

    private static func greeting(gateway: String, admin: String, vendor: String) -> String {
        """
        tollgate listening on \(gateway) with admin on \(admin)
        simulated vendor on \(vendor)

        The dashboard, which asks for the token \(adminToken):

        \(admin)/

        Ask twice and compare Cache-Status; the second answer comes from the cache and costs nothing:

        curl -sS -i \(gateway)/v1/classify -H 'x-api-key: \(teamKey)' -H 'content-type: application/json' -d '\(body)'

        Extract the document anew: a GET that spends, passed through and metered. What is cached about the document goes, so
        that the first line is a miss again:

        curl -sS -i \(gateway)/v1/documents/0b13c9f2-5148-4ffb-bb7b-de03bb071ca8/run_parser -H 'x-api-key: \(teamKey)'

        Issue a key for the demo team, and see who changed what:

        curl -sS -X POST \(admin)/admin/v1/teams/demo/keys -H 'Authorization: Bearer \(adminToken)'
        curl -sS \(admin)/admin/v1/audit -H 'Authorization: Bearer \(adminToken)'

        What the vendor counted:

        curl -sS \(vendor)/sim/account

        """
    }
}
