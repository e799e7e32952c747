import Forms
import Registry

extension APIPart {
    static let teamKeys = APIPart(
        tag: "team keys",
        text: "What clients send as `x-api-key`. A secret is shown once, by the call that makes it.",
        operations: [
            Operation(
                .get,
                "/admin/v1/teams/{team}/keys",
                "listTeamKeys",
                "Lists the keys of a team by `id`",
                "Revoked keys stay listed for 90 days.",
                role: .viewer,
                parameters: Parameter.page,
                replies: [.ok("A page of keys.", .page(of: .named("TeamKey")))]
            ),
            Operation(
                .post,
                "/admin/v1/teams/{team}/keys",
                "issueTeamKey",
                "Makes a key",
                role: .operator,
                body: Operation.Body(
                    .named("NewTeamKey"),
                    isRequired: false,
                    example: #"{"id": "legal-batch", "not_after": "2100-01-01T00:00:00Z"}"#
                ),
                replies: [
                    .created("The key with its secret.", .named("IssuedTeamKey"), example: example),
                    .conflict("`conflict`: there is a key of this name already, or the team has too many."),
                ]
            ),
            Operation(
                .get,
                "/admin/v1/teams/{team}/keys/{key}",
                "showTeamKey",
                "Shows a key",
                role: .viewer,
                replies: [.ok("The key.", .named("TeamKey"))]
            ),
            Operation(
                .delete,
                "/admin/v1/teams/{team}/keys/{key}",
                "revokeTeamKey",
                "Revokes a key",
                "It stops working at once. Revoking it again changes nothing.",
                role: .operator,
                replies: [.noContent("It is revoked.")]
            ),
            Operation(
                .post,
                "/admin/v1/teams/{team}/keys/{key}/rotate",
                "rotateTeamKey",
                "Gives a key a new secret",
                "The old secret stays valid for the grace. Identifier, spend and budgets stay.",
                role: .operator,
                parameters: [
                    .field(
                        "Idempotency-Key",
                        .text(like: #"[\x21-\x7e]{1,128}"#),
                        "A rotation that is repeated with the same value answers the same secret for 10 minutes."
                    )
                ],
                body: Operation.Body(.named("TeamKeyRotation"), isRequired: false, example: #"{"grace": "24h"}"#),
                replies: [
                    .ok("The key with its new secret.", .named("IssuedTeamKey"), example: example),
                    .conflict("`conflict`: the key is revoked, or belongs to the configuration file."),
                ]
            ),
        ],
        schemas: [
            (
                "TeamKey",
                .object(members + [.init("last_used_at", Schema.time.orNull.about("To the second."))])
            ),
            (
                "IssuedTeamKey",
                .object([.init("secret", .text.about("The only time that it is shown."))] + members)
            ),
            (
                "NewTeamKey",
                .form([
                    .optional("id", Schema.identifier.about("One is made when it is absent.")),
                    .optional("name", Schema.text(0...FormLimits.nameCharacters).orNull),
                    .optional("not_after", Schema.time.orNull.about("In the future.")),
                    .optional("budgets", .list(of: .named("NewBudget"), atMost: FormLimits.budgets)),
                ])
            ),
            (
                "TeamKeyRotation",
                .form([
                    .optional(
                        "grace",
                        Schema.duration.orNull.about("How long the old secret stays valid: `24h` when absent.")
                    )
                ])
            ),
        ]
    )

    private static let members: [Schema.Member] = [
        .init("id", .identifier), .init("team", .identifier), .init("name", .text),
        .init("state", .choice(TeamKeyRecord.State.self)), .init("source", source),
        .init("public_id", .text.orNull.about("The part of the secret that may be shown; null for keys of the file.")),
        .init("not_after", Schema.time.orNull), .init("budgets", .list(of: .named("BudgetTerms"))),
        .init("created_at", Schema.time.orNull), .init("rotated_at", Schema.time.orNull),
        .init("revoked_at", Schema.time.orNull),
        .init("previous_valid_until", Schema.time.orNull.about("When the grace of an old secret ends.")),
    ]

    private static let example = """
        {"id": "legal-batch", "secret": "tg_3k9w2m7q_…", "team": "legal", "name": "", "state": "active",
         "source": "store", "public_id": "3k9w2m7q", "not_after": "2100-01-01T00:00:00Z", "budgets": [],
         "created_at": "2026-11-29T10:00:00Z", "rotated_at": null, "revoked_at": null, "previous_valid_until": null}
        """
}
