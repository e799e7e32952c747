import Budgeting

extension APIPart {
    static let ledger = APIPart(
        tag: "ledger",
        text: "Reservations with how they ended.",
        operations: [
            Operation(
                .get,
                "/admin/v1/ledger",
                "listLedger",
                "Lists the rows, newest first",
                "One page reads at most 10,000 rows: with a filter that little matches it may be short, or empty, and "
                    + "still have a `next_cursor`.",
                role: .viewer,
                parameters: [
                    .query("team", .identifier, "Rows of this team."), .query("key", .identifier, "Of this team key."),
                    .query("account", .text(1...128), "Of this account at the vendor."),
                    .query("upstream_key", .identifier, "Of this upstream key."),
                    .query("document_id", .uuid, "About this document."),
                    .query("request_id", .text(1...128), "Of the request with this `x-request-id`."),
                    .query("state", .choice(ReservationState.self), "In this state."),
                ] + Parameter.period("The first row of all when absent.") + Parameter.page,
                replies: [.ok("A page of rows.", .page(of: .named("LedgerRow")))]
            ),
            Operation(
                .get,
                "/admin/v1/ledger/{reservation}",
                "showLedgerRow",
                "Shows a row",
                role: .viewer,
                replies: [.ok("The row.", .named("LedgerRow"), example: example)]
            ),
            Operation(
                .post,
                "/admin/v1/ledger/{reservation}/resolve",
                "resolveReservation",
                "Says what an unconfirmed call cost",
                "Once: it cannot be taken back. Budgets follow at once.",
                role: .operator,
                body: Operation.Body(
                    .named("Resolution"),
                    example: #"{"credits": 2, "note": "on the vendor's bill of November"}"#
                ),
                replies: [
                    .ok("The row, now `resolved`.", .named("LedgerRow")),
                    .conflict("`conflict`: the row is not `unconfirmed`."),
                ]
            ),
        ],
        schemas: [
            (
                "LedgerRow",
                .object([
                    .init("id", .numeral), .init("team", .text), .init("key", .text), .init("account", .text),
                    .init("upstream_key", .text),
                    .init("document_id", .text.about("Empty for a call that was passed through.")),
                    .init("model", .text), .init("cache_key", .digest), .init("request_id", .text),
                    .init("state", .choice(ReservationState.self)), .init("estimate", .credits),
                    .init("credits", Schema.credits.orNull.about("What it cost; null while that is not known.")),
                    .init("created_at", .time),
                    .init("ended_at", Schema.time.orNull.about("When it reached its state; null while reserved.")),
                ])
            ),
            (
                "Resolution",
                .form([
                    .init("credits", Schema.givenCredits.about("What the vendor charged; 0 for nothing.")),
                    .optional("note", Schema.text(1...200).orNull.about("Kept in the audit log.")),
                ])
            ),
        ]
    )

    private static let example = """
        {"id": "7421680001", "team": "legal", "key": "legal-batch", "account": "default", "upstream_key": "primary",
         "document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", "model": "gpt-4o-mini",
         "cache_key": "5f0c3b6e0c7c7a6f1f0f6b8f0a9d3c1e5f0c3b6e0c7c7a6f1f0f6b8f0a9d3c1e", "request_id": "batch-17",
         "state": "unconfirmed", "estimate": 2, "credits": null, "created_at": "2026-11-29T10:00:00Z",
         "ended_at": "2026-11-29T10:02:00Z"}
        """
}
