extension APIPart {
    static let usage = APIPart(
        tag: "usage",
        text: "What a team may know of itself, by its own key.",
        operations: [
            Operation(
                .get,
                "/tollgate/usage",
                "showUsage",
                "Shows what the team of the key has used and has left",
                "The organization's budgets are not shown. `month` is of all keys of the team in the running month.",
                role: nil,
                side: .client,
                replies: [
                    .ok("The usage.", .named("Usage"), example: example),
                    .error(403, "`invalid_api_key`: the key is missing, unknown, expired or revoked."),
                ]
            )
        ],
        schemas: [
            (
                "Usage",
                .object([
                    .init("team", .identifier), .init("key", .identifier),
                    .init(
                        "budgets",
                        .list(of: .object([.init("scope", .choice(of: ["team", "key"]))] + budgetMembers))
                    ),
                    .init("month", .named("SpendCounts")),
                ])
            )
        ]
    )

    private static let example = """
        {"team": "legal", "key": "legal-batch", "budgets": [],
         "month": {"spent": 8100.5, "unconfirmed": 2, "saved": 12400, "requests": 9800, "hits": 6100, "collapsed": 80,
                   "misses": 3600, "denied": 20}}
        """
}
