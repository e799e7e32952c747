extension APIPart {
    static let audit = APIPart(
        tag: "audit",
        text: "Who changed what.",
        operations: [
            Operation(
                .get,
                "/admin/v1/audit",
                "listAudit",
                "Lists the changes, newest first",
                role: .viewer,
                parameters: Parameter.page,
                replies: [.ok("A page of changes.", .page(of: .named("AuditEntry")))]
            )
        ],
        schemas: [
            (
                "AuditEntry",
                .object([
                    .init("id", .numeral), .init("at", .time),
                    .init("actor", .text.about("The name of the token.")), .init("role", .text),
                    .init("action", .text.about("Such as `team_key.rotate`.")),
                    .init("target", .text.about("Such as `team/legal/key/legal-batch`.")),
                    .init("address", .text.about("The client's IP address.")),
                    .init("before", Schema.anything.about("As the API showed it; null for what was made.")),
                    .init("after", Schema.anything.about("Null for what was deleted.")),
                ])
            )
        ]
    )
}
