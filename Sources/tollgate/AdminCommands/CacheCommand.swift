import AdminClient
import ArgumentParser

/// `tollgate cache`: what is stored, and its removal.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Show the results that are stored, and remove them.",
        discussion: """
            A purge removes results from the store and from memory, for good: the next request for one is paid for \
            again. What was asked of the vendor before a purge is not stored after it.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; a purge needs the role operator or admin.

            EXAMPLES
              tollgate cache stats
              tollgate cache entries 0b13c9f2-5148-4ffb-bb7b-de03bb071ca8
              tollgate cache purge --document 0b13c9f2-5148-4ffb-bb7b-de03bb071ca8
              tollgate cache purge --team research
              tollgate cache purge --all --yes
            """,
        subcommands: [Stats.self, Entries.self, Purge.self],
        defaultSubcommand: Stats.self
    )

    /// `tollgate cache stats`
    struct Stats: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "stats",
            abstract: "Show how many results are stored, what they take, and how often they served.",
            discussion: "The counts of last_24h begin at its since: a quarter of an hour up to 24 hours ago."
        )
        static let resource = ResourceMembers.cacheStatistics

        @OptionGroup var options: AdminOptions

        func call() -> AdminCall { AdminCall(.get, ["cache", "stats"]) }
    }

    /// `tollgate cache entries DOCUMENT`
    struct Entries: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "entries",
            abstract: "List the stored results about a document, in the order in which they were stored.",
            discussion:
                "Results that have expired are not listed. The vendor's errors, which only memory keeps, are not either."
        )

        @Argument(help: "The document, a UUID.") var document: String
        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            let query = [(name: "document_id", value: document)]
            return .list(try client.items(of: ["cache", "entries"], query: query, limit: limits.limit), .cacheEntry)
        }
    }

    /// `tollgate cache purge`
    struct Purge: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "purge",
            abstract: "Remove results, and say how many there were.",
            discussion: """
                A large purge takes a while; on a terminal it shows how far it is. It goes on when this command is \
                interrupted, and after a restart of the gateway; the audit log says then how many results there were.
                """
        )

        @Option(help: ArgumentHelp("Remove the results about this document.", valueName: "id"))
        var document: String?
        @Option(help: "Remove the results of requests that were forwarded for this team.")
        var team: IdentifierArgument?
        @Option(help: ArgumentHelp("Remove the result of this cache key; `tollgate key` prints one.", valueName: "key"))
        var key: String?
        @Flag(help: "Remove all results; needs --yes.") var all = false
        @Flag(help: "Confirms --all.") var yes = false
        @OptionGroup var options: AdminOptions

        private var choices: [(name: String, value: String)] {
            var choices: [(name: String, value: String)] = []
            if let document { choices.append(("document_id", document)) }
            if let team { choices.append(("team", team.text)) }
            if let key { choices.append(("key", key)) }
            if all { choices.append(("all", "true")) }
            return choices
        }

        func validate() throws {
            guard choices.count == 1 else {
                throw ValidationError("give one of --document, --team, --key and --all")
            }
            guard all == yes else {
                throw ValidationError(
                    all ? "--all removes everything that was paid for: add --yes" : "--yes is for --all"
                )
            }
        }

        /// As the status names it.
        private var what: String {
            if let document { return "document/\(document.lowercased())" }
            if let team { return "team/\(team.text)" }
            if let key { return "key/\(key.lowercased())" }
            return "all"
        }

        func answer(of client: AdminCaller) throws -> AdminOutput {
            var call = AdminCall(.delete, ["cache", "entries"])
            call.query = choices
            let progress = PurgeProgressLine(of: what, client)
            defer { progress.end() }
            guard let object = try client.waiting(atMost: .seconds(6 * 3_600)).send(call) else { return .done("done") }
            return .one(object, .purge)
        }
    }
}
