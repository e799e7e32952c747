import AdminClient
import ArgumentParser
import JSON

/// `tollgate spend`: where the credits went.
struct SpendCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "spend",
        abstract: "Show what was spent and saved, by team, key, model, upstream key, document or day.",
        discussion: """
            spent is what the vendor said that it charged, unconfirmed the estimate of requests of which nobody knows the \
            charge, saved what the vendor would have charged for what the cache answered. Whole days of the budgets' time \
            zone are shown; without --from and --to, the running month. A dash is what belongs to none: what no upstream \
            key had to do with, or, by document, hits and all but the 1000 most expensive documents.

            Needs TOLLGATE_ADMIN_TOKEN in the environment.

            EXAMPLES
              tollgate spend
              tollgate spend --group-by day --from 2026-11-01 --to 2026-11-30
              tollgate spend --group-by document --output csv >documents.csv
            """
    )

    /// What the items of a report are.
    enum Grouping: String, ExpressibleByArgument, CaseIterable {
        case team, key, model, document, day
        case upstreamKey = "upstream_key"
    }

    @Option(
        help: ArgumentHelp("The first day, or a moment (RFC 3339), which stands for its day.", valueName: "day")
    )
    var from: String?
    @Option(help: ArgumentHelp("The last day, or a moment; midnight ends the day before it.", valueName: "day"))
    var to: String?
    @Option(help: "What to list.") var groupBy = Grouping.team
    @OptionGroup var options: AdminOptions

    func answer(of client: AdminCaller) throws -> AdminOutput {
        var call = AdminCall(.get, ["spend"])
        call.query = [("group_by", groupBy.rawValue)]
        if let from { call.query.append(("from", from)) }
        if let to { call.query.append(("to", to)) }
        guard let report = try client.send(call) else { return .done("done") }
        let members = ResourceMembers.spend(by: groupBy.rawValue)
        if options.output == .json { return .one(report, members) }
        return .list(AdminListing(items: SpendLines.lines(report, by: groupBy.rawValue)), members)
    }
}

/// A spend report as lines, the total as the last one.
enum SpendLines {
    static func lines(_ report: JSONValue, by group: String) -> [JSONValue] {
        var lines: [JSONValue] = []
        if case .array(let items)? = report["items"] {
            for case .object(let members) in items { lines.append(.object(members + [("row", .string("item"))])) }
        }
        if case .object(let members)? = report["total"] {
            lines.append(.object([(group, .string("(total)"))] + members + [("row", .string("total"))]))
        }
        return lines
    }
}
