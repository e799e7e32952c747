import AdminClient
import ArgumentParser
import EventLoops
import JSON
import Vocabulary

/// `tollgate ledger`: reservations with how they ended, and the resolution of unconfirmed ones.
struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Show the rows of the ledger, and resolve unconfirmed ones.",
        discussion: """
            Each request that was forwarded has a row: what was reserved for it, and what it cost. A row is unconfirmed \
            when nobody can know whether the vendor charged for it: after a time-out, a broken reply or a crash. It \
            counts as spent, at its estimate, until the vendor's bill or its list of runs is looked at and the row is \
            resolved.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; to resolve needs the role operator or admin.

            EXAMPLES
              tollgate ledger --team research --from 2026-11-01 --to 2026-11-30
              tollgate ledger list --document 0b13c9f2-5148-4ffb-bb7b-de03bb071ca8 --output csv
              tollgate ledger unconfirmed
              tollgate ledger resolve 899183642472448000 --credits 2 --note "run of 10:04 in the vendor's list"
            """,
        subcommands: [List.self, Unconfirmed.self, Resolve.self],
        defaultSubcommand: List.self
    )

    /// `tollgate ledger list`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the rows, newest first.",
            discussion: "table has the most important members, json and csv have all. A day is one of "
                + "budgets.time_zone, and that of --to is listed too; a moment of --to is not."
        )

        @Option(help: "Rows of this team.") var team: IdentifierArgument?
        @Option(help: "Rows of this team's key.") var key: IdentifierArgument?
        @Option(help: "Rows of this account at the vendor.") var account: String?
        @Option(help: "Rows of this key at the vendor.") var upstreamKey: IdentifierArgument?
        @Option(name: .customLong("document"), help: ArgumentHelp("Rows about this document.", valueName: "id"))
        var documentID: String?
        @Option(name: .customLong("request"), help: ArgumentHelp("Rows of this x-request-id.", valueName: "id"))
        var requestID: String?
        @Option(help: "Rows in this state: reserved, settled, released, unconfirmed or resolved.") var state: String?
        @Option(help: ArgumentHelp("The first day, or moment (RFC 3339).", valueName: "time")) var from: String?
        @Option(help: ArgumentHelp("The last day; or up to, and without, this moment.", valueName: "time"))
        var to: String?
        @Option(help: "Stop after so many rows.") var limit = 50
        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more") }
        }

        private var query: [(name: String, value: String)] {
            let filters: [(String, String?)] = [
                ("team", team?.text), ("key", key?.text), ("account", account), ("upstream_key", upstreamKey?.text),
                ("document_id", documentID), ("request_id", requestID), ("state", state), ("from", from), ("to", to),
            ]
            return filters.compactMap { name, value in value.map { (name, $0) } }
        }

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items(of: ["ledger"], query: query, limit: limit), .ledgerRow)
        }
    }

    /// `tollgate ledger unconfirmed`
    struct Unconfirmed: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "unconfirmed",
            abstract: "List what nobody knows the cost of, with what to look up at the vendor.",
            discussion: "Newest first. json and csv have the members of the ledger's rows."
        )

        @Option(help: "Rows of this team.") var team: IdentifierArgument?
        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            let query = [("state", "unconfirmed")] + (team.map { [("team", $0.text)] } ?? [])
            let rows = try client.items(of: ["ledger"], query: query, limit: limits.limit)
            guard options.output == .table else { return .list(rows, .ledgerRow) }
            let now = SystemClock.wall()
            let lines = rows.items.map { UnconfirmedLine.line($0, at: now) }
            let output = AdminOutput.list(AdminListing(items: lines, isCut: rows.isCut), .unconfirmedRow)
            return lines.isEmpty ? output : .remarked(output, UnconfirmedLine.advice)
        }
    }

    /// `tollgate ledger resolve ID`
    struct Resolve: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "resolve",
            abstract: "State what an unconfirmed reservation cost.",
            discussion: "Its estimate no longer counts, and the credits are booked as spent to the day of the "
                + "reservation. This can be done once and cannot be taken back."
        )
        static let resource = ResourceMembers.ledgerRow

        @Argument(help: "The row, as the list names it.") var id: IdentifierArgument
        @Option(help: ArgumentHelp("What the vendor charged; 0 for nothing.", valueName: "credits"))
        var credits: DecimalArgument
        @Option(help: ArgumentHelp("How it is known, in at most 200 characters; for the audit log.", valueName: "text"))
        var note: String?
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall {
            var members = MemberList()
            members.set("credits", credits.value)
            members.set("note", note)
            return AdminCall(.post, ["ledger", id.text, "resolve"], body: members.object)
        }
    }
}

/// An unconfirmed row of the ledger as a line for people.
enum UnconfirmedLine {
    static let advice =
        "find each in the vendor's list of runs or on its bill, by document and time, in the account; "
        + "then: tollgate ledger resolve ID --credits N, with 0 for what was not charged"

    /// The row with its age.
    static func line(_ row: JSONValue, at now: Timestamp) -> JSONValue {
        guard case .object(let members) = row, case .string(let text)? = row["created_at"],
            let created = Timestamp(rfc3339: text)
        else { return row }
        return .object(members + [("age", .string(age(now - created)))])
    }

    /// In the two largest units: `3d 4h`, `5h 12m`, `7m`. A clock that is behind the gateway's makes it `0m`.
    static func age(_ time: Duration) -> String {
        let minutes = max(time.components.seconds, 0) / 60
        let (days, hours) = (minutes / 1_440, minutes / 60 % 24)
        if days > 0 { return "\(days)d \(hours)h" }
        return hours > 0 ? "\(hours)h \(minutes % 60)m" : "\(minutes)m"
    }
}
