import AdminClient
import ArgumentParser
import JSON

/// `tollgate budgets`: limits, what is spent of them, and when they run out.
struct BudgetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "budgets",
        abstract: "Show budgets with what is left of them, and set those of a team.",
        discussion: """
            A budget limits what the organization, a team, a key or one of our keys at the vendor may spend in a day, a \
            week, a month or in total. A limit below what is spent already is allowed and refuses from then on.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; changes need the role admin.

            EXAMPLES
              tollgate budgets
              tollgate budgets list --team research
              tollgate budgets set research day=500 month=10000:alert=0.8,1
              tollgate budgets --output csv >budgets.csv
            """,
        subcommands: [List.self, Set.self],
        defaultSubcommand: List.self
    )

    /// `tollgate budgets list`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the budgets of every scope, or of one team.",
            discussion: "used is the share of limit and grants that is spent, unconfirmed or reserved; runs_out_at is "
                + "when nothing is left at the pace of the last 7 days, if that is before the budget resets. table and "
                + "csv have a line for each budget, json is what the gateway sent."
        )

        @Option(help: "Show the budgets of this team alone.") var team: IdentifierArgument?
        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            if let team {
                let object = try client.send(AdminCall(.get, ["teams", team.text, "budgets"]))
                return BudgetLines.output(object, ofTeam: team.text, options.output)
            }
            let scopes = try client.items(of: ["budgets"], limit: limits.limit)
            if options.output == .json { return .list(scopes, .budget) }
            let lines = scopes.items.flatMap { BudgetLines.lines($0, options.output) }
            return .list(AdminListing(items: lines, isCut: scopes.isCut), .budget)
        }
    }

    /// `tollgate budgets set TEAM BUDGET…`
    struct Set: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Replace all budgets of a team.",
            discussion: "What was spent stays, and so do grants. Other settings of the team stay as they are."
        )

        @Argument(help: "The team.") var team: IdentifierArgument
        @Argument(
            help: ArgumentHelp(
                "A limit of credits for day, week, month or total.",
                discussion: "month=10000 refuses what goes beyond it; month=10000:shadow only counts; "
                    + "month=10000:alert=0.8,1 tells when these shares of it are spent.",
                valueName: "window=credits[:shadow][:alert=shares]"
            )
        )
        var budgets: [BudgetArgument] = []
        @Flag(help: "Take all budgets of the team off.") var none = false
        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard budgets.isEmpty == none else {
                throw ValidationError(none ? "--none is given together with budgets" : "give a budget, or --none")
            }
        }

        func answer(of client: AdminCaller) throws -> AdminOutput {
            let body = JSONValue.object([("budgets", .array(budgets.map(\.value)))])
            let object = try client.send(AdminCall(.put, ["teams", team.text, "budgets"], body: body))
            return BudgetLines.output(object, ofTeam: team.text, options.output)
        }
    }
}

/// Budgets of scopes as lines, one for each budget.
enum BudgetLines {
    /// The output for the budgets of one team, as the gateway sent them.
    static func output(_ object: JSONValue?, ofTeam team: String, _ format: OutputFormat) -> AdminOutput {
        guard let object, case .object(let members) = object else { return .done("done") }
        if format == .json { return .one(object, .budget) }
        let scope = JSONValue.object([("scope", .string("team")), ("id", .string(team))] + members)
        return .list(AdminListing(items: lines(scope, format)), .budget)
    }

    /// The budgets of one scope, each with the scope's name in front; a table also has `used`.
    static func lines(_ scope: JSONValue, _ format: OutputFormat) -> [JSONValue] {
        guard case .array(let budgets)? = scope["budgets"] else { return [] }
        return budgets.compactMap { budget in
            guard case .object(var members) = budget else { return nil }
            if format == .table, let used = used(budget) { members.append(("used", .string(used))) }
            return .object([("scope", scope["scope"] ?? .null), ("id", scope["id"] ?? .null)] + members)
        }
    }

    /// The share of limit and grants that is in use: `45%`. For people, so no exact number is needed.
    private static func used(_ budget: JSONValue) -> String? {
        let names = ["credits", "granted", "spent", "unconfirmed", "reserved"]
        let amounts = names.compactMap { name -> Double? in
            guard case .number(let text)? = budget[name] else { return nil }
            return Double(text)
        }
        let (limit, used) = (amounts.prefix(2).reduce(0, +), amounts.dropFirst(2).reduce(0, +))
        let share = limit > 0 ? used / limit : used > 0 ? 9.99 : 1
        guard amounts.count == names.count, !share.isNaN else { return nil }
        return String(Int(min(max(share, 0), 9.99) * 100)) + "%"
    }
}
