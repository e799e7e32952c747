import JSON

/// A part of the API's description: operations under one tag, and the schemas that they name. Immutable.
struct APIPart: Sendable {
    let tag: String
    let text: String
    let operations: [Operation]
    let schemas: [(name: String, schema: Schema)]

    /// All, in the order of the document.
    static let all: [APIPart] = [
        .classify, .usage, .teams, .teamKeys, .upstreamKeys, .budgets, .grants, .spend, .insights, .cache, .ledger,
        .statements, .alerts, .requests, .simulation, .lessons, .audit, .backup, .status, .probes,
    ]
}
