import AdminClient
import ArgumentParser

/// `tollgate lessons`: what estimates have learned from the vendor's replies.
struct LessonsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lessons",
        abstract: "List and forget what estimates have learned.",
        discussion: """
            A request is estimated before it is sent: pages times credits per page. What a page costs is the median of \
            a model's last 15 paid replies; how many pages a document has is what a reply about all of it told. What \
            is forgotten is estimated from the configuration again, until new replies tell.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; to forget needs the role admin.

            EXAMPLES
              tollgate lessons
              tollgate lessons list --model gpt-4o
              tollgate lessons delete --model gpt-4o
              tollgate lessons delete --document 0b13c9f2-5148-4ffb-bb7b-de03bb071ca8
            """,
        subcommands: [List.self, Delete.self],
        defaultSubcommand: List.self
    )

    /// Selects lessons.
    struct Choice: ParsableArguments {
        @Option(help: "What is known of this model.") var model: String?
        @Option(name: .customLong("document"), help: ArgumentHelp("What is known of this document.", valueName: "id"))
        var documentID: String?

        func validate() throws {
            guard model == nil || documentID == nil else {
                throw ValidationError("give --model or --document, not both")
            }
        }

        var query: [(name: String, value: String)] {
            (model.map { [("model", $0)] } ?? []) + (documentID.map { [("document_id", $0)] } ?? [])
        }
    }

    /// `tollgate lessons list`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List credits per page of models, then pages of documents.",
            discussion: "json and csv show the replies that a model is estimated from."
        )

        @OptionGroup var choice: Choice
        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items(of: ["lessons"], query: choice.query, limit: limits.limit), .lesson)
        }
    }

    /// `tollgate lessons delete`
    struct Delete: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Forget what is known of a model or of a document.",
            aliases: ["forget", "remove"]
        )
        static let resource = ResourceMembers.lesson

        @OptionGroup var choice: Choice
        @OptionGroup var options: AdminOptions

        var doneText: String { "what was known of \(choice.model ?? choice.documentID ?? "it") is forgotten" }

        func validate() throws {
            if choice.query.isEmpty { throw ValidationError("say what to forget: --model or --document") }
        }

        func call() -> AdminCall {
            var call = AdminCall(.delete, ["lessons"])
            call.query = choice.query
            return call
        }
    }
}
