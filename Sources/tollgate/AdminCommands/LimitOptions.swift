import ArgumentParser

/// How much of a list is shown.
struct LimitOptions: ParsableArguments {
    @Option(help: "Stop after so many items; all are shown without it, at most 100000.")
    var limit: Int?

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more") }
    }
}
