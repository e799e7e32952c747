import ArgumentParser

/// How an answer of the admin API is printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// Aligned columns of the members that matter most.
    case table
    /// All members, as the gateway wrote them.
    case json
    /// All members, RFC 4180 with a header line.
    case csv
}
