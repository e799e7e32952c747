/// Members that are validated and have no effect yet. A row goes when its function comes.
enum WithoutEffect {
    private static let prefixes = ["store.stale_for"]

    /// A line for each member that is set, in order of their paths.
    static func lines(setPaths: Set<String>) -> [String] {
        prefixes.filter { setPaths.contains($0) }.map { "\($0): has no effect yet" }
    }
}
