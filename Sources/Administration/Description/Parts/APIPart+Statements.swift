import Forms

extension APIPart {
    static let statements = APIPart(
        tag: "statements",
        text: "The vendor's bills beside the ledger.",
        operations: [
            Operation(
                .get,
                "/admin/v1/statements",
                "listStatements",
                "Lists the bills, newest first",
                role: .viewer,
                parameters: Parameter.page,
                replies: [.ok("A page of bills.", .page(of: .named("Statement")))]
            ),
            Operation(
                .post,
                "/admin/v1/statements",
                "enterStatement",
                "Enters a bill",
                "A moment stands for its day: whole days of `budgets.time_zone` are compared.",
                role: .admin,
                body: Operation.Body(
                    .named("NewStatement"),
                    example: #"{"account": "default", "from": "2026-10-01", "to": "2026-10-31", "credits": 8123.5}"#
                ),
                replies: [
                    .created("The bill, compared.", .named("Statement"), example: example),
                    .conflict("`conflict`: another bill of the account has a day of this period already."),
                ]
            ),
            Operation(
                .get,
                "/admin/v1/statements/{statement}",
                "showStatement",
                "Shows a bill",
                role: .viewer,
                replies: [.ok("The bill, compared.", .named("Statement"), example: example)]
            ),
            Operation(
                .delete,
                "/admin/v1/statements/{statement}",
                "withdrawStatement",
                "Withdraws a bill",
                role: .admin,
                replies: [.noContent("It is gone.")]
            ),
        ],
        schemas: [
            (
                "Statement",
                .object([
                    .init("id", .numeral), .init("account", .text), .init("from", .dayOrMoment),
                    .init("to", .dayOrMoment), .init("credits", Schema.credits.about("What was billed.")),
                    .init("spent", Schema.credits.about("What the ledger has booked.")),
                    .init("unconfirmed", .credits),
                    .init("drift", Schema.number.about("`credits` − `spent`; below 0 when less was billed.")),
                    .init("created_at", .time),
                ])
            ),
            (
                "NewStatement",
                .form([
                    .init("account", Schema.text(1...FormLimits.nameCharacters).about("One that is known.")),
                    .init("from", .dayOrMoment), .init("to", .dayOrMoment), .init("credits", .givenCredits),
                ])
            ),
        ]
    )

    private static let example = """
        {"id": "3", "account": "default", "from": "2026-10-01", "to": "2026-10-31", "credits": 8123.5, "spent": 8100.5,
         "unconfirmed": 2, "drift": 23, "created_at": "2026-11-02T08:00:00Z"}
        """
}
