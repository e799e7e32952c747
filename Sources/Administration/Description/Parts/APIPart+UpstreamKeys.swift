import Forms
import Registry
import UpstreamKeys

extension APIPart {
    static let upstreamKeys = APIPart(
        tag: "upstream keys",
        text: "What the vendor accepts. Secrets are sealed under `TOLLGATE_MASTER_KEY` and never shown.",
        operations: [
            Operation(
                .get,
                "/admin/v1/upstream-keys",
                "listUpstreamKeys",
                "Lists the upstream keys by `id`",
                role: .viewer,
                parameters: Parameter.page,
                replies: [.ok("A page of keys.", .page(of: .named("UpstreamKey")))]
            ),
            Operation(
                .post,
                "/admin/v1/upstream-keys",
                "addUpstreamKey",
                "Adds a key",
                role: .admin,
                body: Operation.Body(
                    .named("NewUpstreamKey"),
                    example: #"{"id": "second", "secret": "the-key-that-the-vendor-gave", "weight": 2}"#
                ),
                replies: [
                    .created("The key.", .named("UpstreamKey"), example: example),
                    .conflict("`conflict`: the name or the secret is taken, or `TOLLGATE_MASTER_KEY` is not set."),
                ]
            ),
            Operation(
                .get,
                "/admin/v1/upstream-keys/{key}",
                "showUpstreamKey",
                "Shows a key",
                role: .viewer,
                replies: [.ok("The key.", .named("UpstreamKey"), example: example)]
            ),
            Operation(
                .patch,
                "/admin/v1/upstream-keys/{key}",
                "changeUpstreamKey",
                "Changes a key",
                "The members other than `state` need the role admin. `state` can be set for keys of the file too.",
                role: .operator,
                body: Operation.Body(
                    .named("UpstreamKeyChange"),
                    isRequired: false,
                    example: #"{"state": "draining"}"#
                ),
                replies: [.ok("The key.", .named("UpstreamKey")), .conflict(ofFile)]
            ),
            Operation(
                .delete,
                "/admin/v1/upstream-keys/{key}",
                "deleteUpstreamKey",
                "Deletes a key",
                role: .admin,
                replies: [
                    .noContent("It is gone."),
                    .conflict(
                        "`conflict`: the key belongs to the configuration file, or is the last one of an account that a "
                            + "team of the file has."
                    ),
                ]
            ),
            Operation(
                .post,
                "/admin/v1/upstream-keys/{key}/rotate",
                "rotateUpstreamKey",
                "Gives a key another secret",
                "It is used from the next request on; requests under way end on the old one.",
                role: .admin,
                body: Operation.Body(
                    .named("UpstreamKeyRotation"),
                    example: #"{"secret": "the-new-key-that-the-vendor-gave"}"#
                ),
                replies: [
                    .ok("The key.", .named("UpstreamKey")),
                    .conflict("`conflict`: the key belongs to the file, or `TOLLGATE_MASTER_KEY` is not set."),
                ]
            ),
        ],
        schemas: [
            ("UpstreamKey", .object(members)),
            (
                "NewUpstreamKey",
                .form(
                    [
                        .init("id", .identifier), .init("secret", secret),
                        .optional(
                            "account",
                            Schema.text(1...FormLimits.nameCharacters).about("`default` when absent.")
                        ),
                    ] + terms
                )
            ),
            (
                "UpstreamKeyChange",
                .form([.optional("state", .choice(UpstreamKey.OperatorState.self))] + terms)
            ),
            ("UpstreamKeyRotation", .form([.init("secret", secret)])),
        ]
    )

    private static let ofFile = "`conflict`: the key belongs to the configuration file, and more than `state` is given."

    private static let secret = Schema.text(like: #"[\x21-\x7e]{1,8192}"#)

    private static let members: [Schema.Member] = [
        .init("id", .identifier), .init("account", .text.about(accountText)), .init("weight", .count),
        .init("state", .choice(UpstreamKeyStatus.State.self)), .init("not_before", Schema.time.orNull),
        .init("not_after", Schema.time.orNull), .init("monthly_credits", Schema.credits.orNull),
        .init("source", source), .init("created_at", Schema.time.orNull.about("Null for keys of the file.")),
        .init("available", Schema.flag.about("Whether it is given out at present.")),
        .init("detail", .text.orNull.about("Why it is not, where `state` does not say so.")),
        .init("cooling_until", Schema.time.orNull), .init("monthly_remaining", Schema.number.orNull),
        .init("under_way", Schema.count.about("Requests that are out with it.")),
        .init("last_used_at", Schema.time.orNull.about("When a request last went out with it; null for never.")),
    ]

    private static let terms: [Schema.Member] = [
        .optional("weight", .integer(1...1_000_000)), .optional("not_before", Schema.time.orNull),
        .optional("not_after", Schema.time.orNull), .optional("monthly_credits", Schema.givenCredits.orNull),
    ]

    private static let example = """
        {"id": "second", "account": "default", "weight": 2, "state": "active", "not_before": null, "not_after": null,
         "monthly_credits": null, "source": "store", "created_at": "2026-11-29T10:00:00Z", "available": true,
         "detail": null, "cooling_until": null, "monthly_remaining": null, "under_way": 0,
         "last_used_at": null}
        """
}
