import AdminClient
import ArgumentParser
import Forms
import JSON

/// `tollgate insights`: what was paid for more than once, and why.
struct InsightsCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "insights",
        abstract: "Show what was paid for more than once, and why the cache could not help.",
        discussion: """
            Each line is a reason between two teams: the one that paid for a document first, and the one that paid for \
            it again. credits is what would not have been spent. Days are those of budgets.time_zone; the month that is \
            running is shown without --from.

            Needs TOLLGATE_ADMIN_TOKEN in the environment.

            EXAMPLES
              tollgate insights
              tollgate insights --examples --team research
              tollgate insights --from 2026-10-01 --to 2026-10-31
              tollgate insights --output csv >insights.csv
            """
    )

    @Option(help: ArgumentHelp("The first day, or a moment in it.", valueName: "day")) var from: String?
    @Option(help: ArgumentHelp("The last day, or a moment that ends the period.", valueName: "day")) var to: String?
    @Option(help: "Show what this team paid for again.") var team: IdentifierArgument?
    @Flag(help: "Show documents below each line of the table, with what differed. json has them always.")
    var examples = false
    @OptionGroup var options: AdminOptions

    func answer(of client: AdminCaller) throws -> AdminOutput {
        var call = AdminCall(.get, ["insights"])
        for (name, value) in [("from", from), ("to", to), ("team", team?.text)] {
            if let value { call.query.append((name, value)) }
        }
        guard let report = try client.send(call) else { return .done("done") }
        switch options.output {
        case .json: return .one(report, .insight)
        case .csv: return .list(AdminListing(items: InsightText.lines(report)), .insight)
        case .table: return .text(InsightText.table(report, hasExamples: examples))
        }
    }
}

/// The report as lines for people and for spreadsheets.
enum InsightText {
    /// The items, with the two teams apart and without examples.
    static func lines(_ report: JSONValue) -> [JSONValue] {
        items(report).map { item in
            let teams = teams(item)
            return .object([
                ("reason", item["reason"] ?? .null), ("first", teams.first), ("again", teams.again),
                ("credits", item["credits"] ?? .null), ("requests", item["requests"] ?? .null),
                ("why", .string(why(item["reason"]))),
            ])
        }
    }

    static func table(_ report: JSONValue, hasExamples: Bool) -> String {
        let lines = lines(report)
        var text = ""
        if lines.isEmpty {
            text = "nothing was paid for twice that the cache could have answered\n"
        } else if hasExamples {
            for (item, line) in zip(items(report), lines) {
                text += TableText.list([line], columns: ResourceMembers.insight.columns)
                text += examples(item) + "\n"
            }
        } else {
            text = TableText.list(lines, columns: ResourceMembers.insight.columns)
        }
        text += sum(report["total"], "in all")
        text += sum(
            report["unexplained"],
            "asked again and paid again for another reason: the first reply could not "
                + "be kept, or its outcome was lost"
        )
        text += sum(report["unknown"], "for documents paid for before; what that payment was for is not known")
        return text
    }

    private static func items(_ report: JSONValue) -> [JSONValue] {
        guard case .array(let items)? = report["items"] else { return [] }
        return items
    }

    private static func teams(_ item: JSONValue) -> (first: JSONValue, again: JSONValue) {
        guard case .array(let teams)? = item["teams"], teams.count == 2 else { return (.null, .null) }
        return (teams[0], teams[1])
    }

    /// Nothing for a sum of no requests.
    private static func sum(_ sum: JSONValue?, _ what: String) -> String {
        guard let sum, case .number(let requests)? = sum["requests"], requests != "0" else { return "" }
        let noun = requests == "1" ? "request" : "requests"
        return "\(TableText.cell(sum["credits"] ?? .null)) credits, \(requests) \(noun) \(what)\n"
    }

    /// The reason in words that need no knowledge of the API.
    private static func why(_ reason: JSONValue?) -> String {
        guard case .string(let reason)? = reason else { return "" }
        switch reason {
        case "schema_text": return "same labels, other descriptions"
        case "schema_labels": return "other labels"
        case "page_range": return "other pages"
        case "model": return "another model"
        case "other_members": return "other members in the request"
        case "expired": return "the kept result was too old"
        case "purged": return "the kept result had been purged"
        case "no_cache": return "the request refused a kept result"
        case "no_store": return "a request forbade to keep the result"
        case "scope": return "the result belongs to another team"
        default: return reason
        }
    }

    private static func examples(_ item: JSONValue) -> String {
        guard case .array(let examples)? = item["examples"] else { return "" }
        return examples.map(example).joined()
    }

    private static func example(_ example: JSONValue) -> String {
        var text = "  document \(TableText.cell(example["document_id"] ?? .null))\n"
        for name in ["first", "again"] {
            guard let entry = example[name], case .object = entry else { continue }
            let (team, at) = (TableText.cell(entry["team"] ?? .null), TableText.cell(entry["at"] ?? .null))
            let request = TableText.cell(entry["request_id"] ?? .null, to: 60)
            text += "    \(name)  \(at)  \(team)  \(TableText.cell(entry["credits"] ?? .null)) credits  \(request)\n"
        }
        guard case .array(let differences)? = example["differs"] else { return text }
        for difference in differences { text += self.difference(difference) }
        if case .number(let more)? = example["differs_more"], more != "0" { text += "    and \(more) more\n" }
        return text
    }

    private static func difference(_ difference: JSONValue) -> String {
        let part = TableText.cell(difference["part"] ?? .null)
        let place = [difference["label"], difference["member"]].compactMap { value -> String? in
            guard let value, case .string = value else { return nil }
            return TableText.cell(value, to: 60)
        }
        var text = "    " + ([part] + place).joined(separator: " · ") + "\n"
        let (first, again) = (difference["first"] ?? .null, difference["again"] ?? .null)
        if case .null = first, case .null = again { return text }
        let absent = part == "page_range" ? "all pages" : "(none)"
        for (name, value) in [("first", first), ("again", again)] {
            text += "      \(name): "
            if case .null = value { text += absent + "\n" } else { text += TableText.cell(value) + "\n" }
        }
        return text
    }
}
