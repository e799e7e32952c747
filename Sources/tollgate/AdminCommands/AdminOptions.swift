import AdminClient
import ArgumentParser

/// The options that all commands of the admin API have.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the admin API answers, http or https; a path prefix is allowed.",
            discussion: "The token is sent along: over http everybody on the way can read it.",
            valueName: "url"
        )
    )
    var admin = AdminAddress(parsing: "http://127.0.0.1:9090")!

    @Option(help: "How to print the answer: table for people, json or csv for programs.")
    var output = OutputFormat.table
}

extension AdminAddress: ExpressibleByArgument {
    public init?(argument: String) { self.init(parsing: argument) }
}
