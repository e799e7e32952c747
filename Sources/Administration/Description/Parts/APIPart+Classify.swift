extension APIPart {
    static let classify = APIPart(
        tag: "classify",
        text: "The vendor's classify calls, cached, collapsed and metered.",
        operations: [
            Operation(
                .post,
                "/v1/classify",
                "classify",
                "Classifies a document",
                "The vendor's call. Two bodies that mean the same are one question, which is paid for once. A result from "
                    + "the cache is the vendor's body, byte for byte. A query string is refused.",
                role: nil,
                side: .client,
                parameters: [cacheControl],
                body: Operation.Body(.named("ClassifyRequest"), example: question),
                replies: [answer] + refusals
            ),
            Operation(
                .post,
                "/v1/classifiers/{id}/classify",
                "runClassifier",
                "Classifies a document with a saved classifier",
                "Passed through to the vendor under a reservation. With `cache.classifier_ttl` above 0 it is cached and "
                    + "collapsed as classify is, until a request that goes through here may have changed the classifier.",
                role: nil,
                side: .client,
                parameters: [cacheControl],
                body: Operation.Body(.named("ClassifierRequest")),
                replies: [answer] + refusals
            ),
        ],
        schemas: [
            (
                "Category",
                Schema.object([
                    .init("label", .text(1...1_048_576)), .init("description", .text),
                ])
            ),
            (
                "ClassifyRequest",
                Schema.object(
                    [
                        .init("document_id", .uuid),
                        .init("classification_schema", Schema.categories.about("No two labels alike.")),
                    ] + choice
                )
                .about("Other members are kept, forwarded, and part of the question.")
            ),
            (
                "ClassifierRequest",
                Schema.object([.init("document_id", .uuid)] + choice)
            ),
            (
                "ClassifyAnswer",
                Schema.object([
                    .optional("request_id", .text), .optional("document_id", .text),
                    .optional("classifier_id", .text.orNull), .optional("classification", .text.orNull),
                    .optional("confidence_scores", Schema.map(of: .number).orNull),
                    .optional("request_status", .text.about("`completed`, `failed` or `exception`.")),
                    .optional("credits_used", Schema.number.about("Reads 0 on hits with `hit_credits_used: zero`.")),
                    .optional("num_pages", .number), .optional("duration", .number),
                ])
                .about("The vendor's, as it is.")
            ),
            (
                "ClassifyError",
                Schema.object([
                    .init("success", .flag), .init("error", .text), .optional("message", .text),
                ])
                .about("The gateway's, or the vendor's as it is, in which `message` may be missing.")
            ),
        ]
    )

    private static let cacheControl = Parameter.field(
        "Cache-Control",
        .text,
        "`no-cache` takes nothing from the cache; `no-store` neither reads nor stores; `max-age=N` takes "
            + "what is at most N seconds old; `only-if-cached` never spends (504 `not_cached`)."
    )

    private static let choice: [Schema.Member] = [
        .optional(
            "page_range",
            .text.orNull.about("`1-3`, `1,3,5`: pages 1 to 1,000,000, at most 1,000 parts; null for all pages.")
        ),
        .optional("query_model", .text.orNull.about("`gpt-4o-mini` when absent.")),
    ]

    private static let fields: [FieldDescription] = [.cacheStatus, .charged, .saved, .remaining]

    private static let answer = Reply(
        200,
        "The vendor's answer, new or from the cache.",
        content: [("application/json", .named("ClassifyAnswer"))],
        fields: [.cacheStatus, .age, .charged, .saved, .remaining],
        example: """
            {"request_id": "a7813466-6f9a-4c33-8128-427e7a4df755", "document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
             "classifier_id": null, "classification": "invoice",
             "confidence_scores": {"invoice": 0.9312, "contract": 0.0688}, "request_status": "completed",
             "credits_used": 2, "num_pages": 2, "duration": 1.4}
            """
    )

    private static func refusal(_ status: Int, _ text: String, _ others: [FieldDescription] = []) -> Reply {
        Reply(status, text, content: [("application/json", .named("ClassifyError"))], fields: fields + others)
    }

    private static let refusals: [Reply] = [
        refusal(400, "`invalid_json`, `invalid_request`, `bad_request`; or the vendor's own, a document without OCR."),
        refusal(
            402,
            "`budget_exceeded` (`budgets.exceeded_status` may choose another status); or the vendor's own.",
            [
                .retryAfter
            ]
        ),
        refusal(403, "`invalid_api_key` or `model_not_allowed`; or the vendor's own."),
        refusal(404, "The vendor's own: no such document."),
        refusal(415, "`unsupported_media_type`: the body has a `Content-Encoding`."),
        refusal(429, "`rate_limited`: the team's own rate or concurrency.", [.retryAfter]),
        refusal(500, "The vendor's own."),
        refusal(502, "`upstream_unreachable`, `upstream_invalid_response` or `upstream_key_rejected`."),
        refusal(
            503,
            "`no_upstream_key`, `upstream_rate_limited`, `overloaded`, `circuit_open`, `store_unavailable` or `draining`; "
                + "or the vendor's own.",
            [.retryAfter]
        ),
        refusal(504, "`upstream_timeout`: the outcome is not known; or `not_cached`."),
    ]

    private static let question = """
        {"document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", "classification_schema": [
         {"label": "invoice", "description": "A document requesting payment for goods or services rendered"},
         {"label": "contract", "description": "A legally binding agreement between two or more parties"}],
         "page_range": "1-2", "query_model": "gpt-4o-mini"}
        """
}
