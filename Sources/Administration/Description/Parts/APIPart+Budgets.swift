import Budgeting
import Forms

extension APIPart {
    static let budgets = APIPart(
        tag: "budgets",
        text: "Limits on credits, with what is used of them, from memory.",
        operations: [
            Operation(
                .get,
                "/admin/v1/budgets",
                "listBudgets",
                "Lists every scope that has budgets",
                "The organization, teams, keys, upstream keys, each kind by `id`.",
                role: .viewer,
                parameters: Parameter.page + [
                    .query(
                        "sort",
                        .choice(of: ["id", "share"]),
                        "With `share`, teams alone, those first of which the most of a budget is used."
                    )
                ],
                replies: [.ok("A page of scopes.", .page(of: .named("BudgetScope")))]
            ),
            Operation(
                .get,
                "/admin/v1/teams/{team}/budgets",
                "showTeamBudgets",
                "Shows the budgets of a team",
                role: .viewer,
                replies: [.ok("The budgets.", .named("TeamBudgets"), example: #"{"budgets": [\#(budgetExample)]}"#)]
            ),
            Operation(
                .put,
                "/admin/v1/teams/{team}/budgets",
                "replaceTeamBudgets",
                "Replaces the budgets of a team",
                "A limit below what is spent is allowed and refuses from then on. What was spent stays spent.",
                role: .admin,
                body: Operation.Body(
                    .named("NewTeamBudgets"),
                    example: #"{"budgets": [{"window": "month", "credits": 10000, "alert_at": [0.8, 1]}]}"#
                ),
                replies: [
                    .ok("The budgets.", .named("TeamBudgets")),
                    .conflict("`conflict`: the team belongs to the configuration file."),
                ]
            ),
        ],
        schemas: [
            ("Budget", .object(budgetMembers)),
            ("TeamBudgets", .object([.init("budgets", .list(of: .named("Budget")))])),
            (
                "NewTeamBudgets",
                .form([.init("budgets", .list(of: .named("NewBudget"), atMost: FormLimits.budgets))])
            ),
            (
                "BudgetScope",
                .object([
                    .init("scope", .choice(BudgetScope.Kind.self)),
                    .init("id", .text.orNull.about("Null for the organization.")),
                    .init("budgets", .list(of: .named("Budget"))),
                ])
            ),
        ]
    )

    static let budgetMembers: [Schema.Member] = [
        .init("window", .choice(BudgetWindow.self)),
        .init("credits", Schema.credits.about("The limit, without grants.")),
        .init("enforce", .flag), .init("alert_at", .list(of: .number)),
        .init("granted", Schema.credits.about("The sum of the grants in force.")), .init("spent", .credits),
        .init("unconfirmed", .credits), .init("reserved", .credits), .init("remaining", .credits),
        .init("resets_at", Schema.time.orNull.about("Null for `total`.")),
        .init("runs_out_at", Schema.time.orNull.about("A forecast; null when that is not before the window ends.")),
        .init("would_have_refused", Schema.count.about("Of a shadow budget, in this window.")),
    ]

    static let budgetExample = """
        {"window": "month", "credits": 10000, "enforce": true, "alert_at": [0.8, 1], "granted": 0, "spent": 8100.5, \
        "unconfirmed": 2, "reserved": 0, "remaining": 1897.5, "resets_at": "2026-12-01T00:00:00Z", \
        "runs_out_at": "2026-11-30T04:11:09Z", "would_have_refused": 0}
        """
}
