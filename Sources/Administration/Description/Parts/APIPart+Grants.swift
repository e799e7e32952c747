import Budgeting

extension APIPart {
    static let grants = APIPart(
        tag: "grants",
        text: "One-off extra room in a team's budgets of one window, in the period that is running.",
        operations: [
            Operation(
                .get,
                "/admin/v1/teams/{team}/grants",
                "listGrants",
                "Lists the grants of a team, newest first",
                "The newest 1,000.",
                role: .viewer,
                parameters: Parameter.page,
                replies: [.ok("A page of grants.", .page(of: .named("Grant")))]
            ),
            Operation(
                .post,
                "/admin/v1/teams/{team}/grants",
                "addGrant",
                "Grants extra room",
                "It is durable before it is answered.",
                role: .operator,
                body: Operation.Body(
                    .named("NewGrant"),
                    example: #"{"window": "month", "credits": 500, "reason": "end-of-year backlog"}"#
                ),
                replies: [
                    .created("The grant.", .named("Grant"), example: example),
                    .conflict("`conflict`: the team has 100 grants that have not ended."),
                ]
            ),
            Operation(
                .get,
                "/admin/v1/teams/{team}/grants/{grant}",
                "showGrant",
                "Shows a grant",
                role: .viewer,
                replies: [.ok("The grant.", .named("Grant"), example: example)]
            ),
            Operation(
                .delete,
                "/admin/v1/teams/{team}/grants/{grant}",
                "withdrawGrant",
                "Withdraws a grant",
                "What was spent of it stays spent.",
                role: .operator,
                replies: [.noContent("It is gone.")]
            ),
        ],
        schemas: [
            (
                "Grant",
                .object([
                    .init("id", .numeral), .init("team", .identifier), .init("window", .choice(BudgetWindow.self)),
                    .init("credits", .credits), .init("expires_at", Schema.time.orNull),
                    .init("ends_at", Schema.time.orNull.about("When it really ends; null for never.")),
                    .init("in_force", Schema.flag.about("Whether it has not ended yet.")), .init("reason", .text),
                    .init("actor", .text.about("The name of the token that made it.")), .init("created_at", .time),
                ])
            ),
            (
                "NewGrant",
                .form([
                    .init("window", Schema.choice(BudgetWindow.self).about("One that the team has a budget of.")),
                    .init("credits", .positive(atMost: 1_000_000_000)), .init("reason", .text(1...200)),
                    .optional("expires_at", Schema.time.orNull.about("In the future.")),
                ])
            ),
        ]
    )

    private static let example = """
        {"id": "12", "team": "legal", "window": "month", "credits": 500, "expires_at": null,
         "ends_at": "2026-12-01T00:00:00Z", "in_force": true, "reason": "end-of-year backlog", "actor": "ops",
         "created_at": "2026-11-29T10:00:00Z"}
        """
}
