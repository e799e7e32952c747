import Reporting

extension APIPart {
    static let insights = APIPart(
        tag: "insights",
        text: "What was paid for more than once, and why the cache could not help.",
        operations: [
            Operation(
                .get,
                "/admin/v1/insights",
                "reportInsights",
                "Reports repeated payments with their reasons",
                "Without `from` and `to` the running month. Items are sorted by credits; `total` is their sum.",
                role: .viewer,
                parameters: Parameter.period("The first of the running month when absent.") + [
                    .query("team", .words, "The team that paid again.")
                ],
                replies: [.ok("The report.", .named("InsightReport"), example: example)]
            )
        ],
        schemas: [
            (
                "InsightReport",
                .object([
                    .init("from", .time), .init("to", .time), .init("items", .list(of: .named("Insight"))),
                    .init("total", .named("InsightSum")),
                    .init("unexplained", .named("InsightSum")), .init("unknown", .named("InsightSum")),
                ])
            ),
            ("InsightSum", .object([.init("credits", .credits), .init("requests", .count)])),
            (
                "Insight",
                .object([
                    .init("reason", .choice(of: RepeatReason.allCases.filter(\.isExplained).map(\.rawValue))),
                    .init("teams", Schema.list(of: .text, exactly: 2).about("Who paid first, and who again.")),
                    .init("credits", Schema.credits.about("What the later payments came to.")),
                    .init("requests", .count), .init("examples", .list(of: .named("InsightExample"), atMost: 3)),
                ])
            ),
            (
                "InsightExample",
                .object([
                    .init("document_id", .text),
                    .init("first", Schema.named("InsightEntry").orNull.about("Null when the ledger has lost it.")),
                    .init("again", .named("InsightEntry")),
                    .init("differs", .list(of: .named("InsightDifference"), atMost: 10)),
                    .init("differs_more", Schema.count.about("Differences beyond those listed.")),
                ])
            ),
            (
                "InsightEntry",
                .object([
                    .init("id", Schema.numeral.about("In the ledger.")), .init("team", .text), .init("at", .time),
                    .init("request_id", .text), .init("credits", .credits),
                    .init("unconfirmed", Schema.flag.about("Whether the credits are an estimate.")),
                ])
            ),
            (
                "InsightDifference",
                .object([
                    .init("part", .choice(QuestionPart.self)), .init("label", .text.orNull),
                    .init("member", .text.orNull), .init("first", .text.orNull), .init("again", .text.orNull),
                ])
            ),
        ]
    )

    private static let example = """
        {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z",
         "items": [{"reason": "page_range", "teams": ["legal", "sales"], "credits": 42, "requests": 21, "examples": []}],
         "total": {"credits": 42, "requests": 21}, "unexplained": {"credits": 0, "requests": 0},
         "unknown": {"credits": 0, "requests": 0}}
        """
}
