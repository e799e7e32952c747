import AdminClient
import ArgumentParser
import Forms
import JSON

/// `tollgate simulate TEAM`: what a period would have come to under other budgets or another ttl.
struct SimulateCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Show what a period would have come to under other budgets or another cache.ttl.",
        discussion: """
            Replays the team's paid calls of the period: when the first would have been refused, how many, what would \
            have been spent, and what a longer ttl would have saved. Only the team's own budgets are replaced. Hits \
            are known as sums of days only, so the answer says how exact it is, and why. Nothing is changed.

            Needs TOLLGATE_ADMIN_TOKEN in the environment.

            EXAMPLES
              tollgate simulate research --budget month=5000
              tollgate simulate research --ttl 60d --from 2026-09-01 --to 2026-11-30
              tollgate simulate research --budget day=200 --budget month=5000 --output json
            """
    )

    @Argument(help: "The team.") var team: IdentifierArgument
    @Option(
        name: .customLong("budget"),
        help: ArgumentHelp(
            "A budget in place of the team's; may be given several times.",
            discussion: "As `tollgate budgets set` takes them.",
            valueName: "window=credits[:shadow]"
        )
    )
    var budgets: [BudgetArgument] = []
    @Flag(help: "As if the team had no budgets.") var noBudgets = false
    @Option(help: ArgumentHelp("A lifetime in place of cache.ttl: 12h, 60d.", valueName: "duration"))
    var ttl: DurationArgument?
    @Option(help: ArgumentHelp("The first day, or a moment; the first of this month without it.", valueName: "day"))
    var from: String?
    @Option(help: ArgumentHelp("The last day, or a moment that ends it; today without it.", valueName: "day"))
    var to: String?
    @OptionGroup var options: AdminOptions

    var waiting: String? { "replaying the ledger" }

    func validate() throws {
        if noBudgets, !budgets.isEmpty { throw ValidationError("--no-budgets is given together with --budget") }
        if !noBudgets, budgets.isEmpty, ttl == nil {
            throw ValidationError("say what to try out: --budget, --no-budgets or --ttl")
        }
    }

    func call() -> AdminCall {
        var members = MemberList()
        members.set("team", team.text)
        members.set("budgets", budgets.map(\.value))
        members.clear("budgets", if: noBudgets, with: .array([]))
        members.set("ttl", ttl?.text)
        members.set("from", from)
        members.set("to", to)
        var call = AdminCall(.post, ["simulate"], body: members.object)
        call.changesNothing = true
        return call
    }

    func answer(of client: AdminCaller) throws -> AdminOutput {
        guard let object = try client.send(call()) else { return .done("done") }
        return options.output == .table ? .text(Self.table(object)) : .one(object, .simulation)
    }

    /// What was beside what would have been.
    static func table(_ object: JSONValue) -> String {
        let cell = { (value: JSONValue?) in TableText.cell(value ?? .null) }
        let was = object["was"] ?? .null
        let lines = [
            ["spent", cell(was["spent"]), cell(object["spent"])],
            ["unconfirmed", cell(was["unconfirmed"]), cell(object["unconfirmed"])],
            ["saved", cell(was["saved"]), "+ " + cell(object["saved"])],
            ["hits", cell(was["hits"]), "+ " + cell(object["hits"])],
            ["refused", cell(was["denied"]), "+ " + cell(object["refused"])],
        ]
        return TableText.amounts(["", "was", "would be"], lines) + "\n"
            + "refused from  \(cell(object["refused_from"]))\n"
            + "replayed      \(cell(object["calls"])) calls until \(cell(object["until"]))\n"
            + "exactness     \(cell(object["exactness"])): \(cell(object["exactness_reason"]))\n"
    }
}
