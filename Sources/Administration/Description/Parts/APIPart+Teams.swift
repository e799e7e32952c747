import Budgeting
import Forms
import Registry

extension APIPart {
    static let teams = APIPart(
        tag: "teams",
        text: "Who is billed inside the organization. Teams of the configuration file are changed there only (409).",
        operations: [
            Operation(
                .get,
                "/admin/v1/teams",
                "listTeams",
                "Lists the teams by `id`",
                role: .viewer,
                parameters: Parameter.page,
                replies: [.ok("A page of teams.", .page(of: .named("Team")))]
            ),
            Operation(
                .post,
                "/admin/v1/teams",
                "createTeam",
                "Makes a team",
                role: .admin,
                body: Operation.Body(
                    .named("NewTeam"),
                    example: #"{"id": "legal", "name": "Legal", "budgets": [{"window": "month", "credits": 5000}]}"#
                ),
                replies: [
                    .created("The team.", .named("Team"), example: example),
                    .conflict("`conflict`: there is a team of this name already."),
                ]
            ),
            Operation(
                .get,
                "/admin/v1/teams/{team}",
                "showTeam",
                "Shows a team",
                role: .viewer,
                replies: [.ok("The team.", .named("Team"), example: example)]
            ),
            Operation(
                .patch,
                "/admin/v1/teams/{team}",
                "changeTeam",
                "Changes a team",
                "A member that is absent stays as it is; null takes a limit away. What was spent stays spent.",
                role: .admin,
                body: Operation.Body(.named("TeamChange"), isRequired: false, example: #"{"max_concurrency": 8}"#),
                replies: [.ok("The team.", .named("Team")), .conflict(ofFile)]
            ),
            Operation(
                .delete,
                "/admin/v1/teams/{team}",
                "deleteTeam",
                "Deletes a team with its keys",
                role: .admin,
                replies: [.noContent("It is gone."), .conflict(ofFile)]
            ),
        ],
        schemas: [
            (
                "Team",
                .object([
                    .init("id", .identifier), .init("name", .text), .init("account", .text.about(accountText)),
                    .init("budgets", .list(of: .named("BudgetTerms"))),
                    .init("requests_per_second", .number.orNull.about("Null for no limit.")),
                    .init("max_concurrency", Schema.count.orNull.about("Null for no limit.")),
                    .init("models", Schema.list(of: .text).orNull.about("Those that it may use; null for all.")),
                    .init("cache_scope", Schema.choice(CacheScope.self).orNull.about("Null for `cache.scope`.")),
                    .init("source", source),
                ])
            ),
            ("NewTeam", .form([.init("id", .identifier)] + settings)),
            (
                "TeamChange",
                .form([.optional("id", Schema.identifier.about("That of the path: it cannot be changed."))] + settings)
            ),
            (
                "BudgetTerms",
                .object([
                    .init("window", .choice(BudgetWindow.self)),
                    .init("credits", Schema.credits.about("The limit, without grants.")),
                    .init("alert_at", .list(of: .number)), .init("enforce", .flag),
                ])
            ),
            (
                "NewBudget",
                .form([
                    .init("window", .choice(BudgetWindow.self)), .init("credits", .givenCredits),
                    .optional(
                        "alert_at",
                        .list(of: .positive(atMost: 10), atMost: FormLimits.alertShares)
                            .about("Shares of the limit at which an alert is sent.")
                    ),
                    .optional("enforce", Schema.flag.about("False for a budget that is counted and refuses nothing.")),
                ])
            ),
            (
                "Error",
                .object([
                    .init("success", Schema.flag.about("Always false.")), .init("error", .text.about("The code.")),
                    .init("message", .text.about("Names the member or limit and says what to do.")),
                ])
            ),
        ]
    )

    /// Who names a team or a key.
    static let source = Schema.choice(RegistrySource.self).about("`file`: it belongs to the configuration file.")

    static let accountText = "An account at the vendor."

    private static let ofFile = "`conflict`: the team belongs to the configuration file."

    private static let settings: [Schema.Member] = [
        .optional("name", Schema.text(1...FormLimits.nameCharacters).orNull),
        .optional(
            "account",
            Schema.text(1...FormLimits.nameCharacters).about("That of some upstream key; `default` when absent.")
        ),
        .optional("budgets", .list(of: .named("NewBudget"), atMost: FormLimits.budgets)),
        .optional("requests_per_second", Schema.positive(atMost: 1_000_000_000).orNull),
        .optional("max_concurrency", Schema.integer(1...1_000_000).orNull),
        .optional(
            "models",
            Schema.list(of: .text(1...FormLimits.nameCharacters), atMost: FormLimits.models).orNull
        ),
        .optional("cache_scope", Schema.choice(CacheScope.self).orNull),
    ]

    private static let example = """
        {"id": "legal", "name": "Legal", "account": "default",
         "budgets": [{"window": "month", "credits": 5000, "alert_at": [], "enforce": true}],
         "requests_per_second": null, "max_concurrency": null, "models": null, "cache_scope": null, "source": "store"}
        """
}
