extension APIPart {
    static let requests = APIPart(
        tag: "requests",
        text: "What this node answered last, from the memory of the workers.",
        operations: [
            Operation(
                .get,
                "/admin/v1/requests",
                "listRequests",
                "Lists the last 1,000 requests, newest first",
                "A restart forgets them. Checks of health are not listed.",
                role: .viewer,
                parameters: [
                    .query("team", .identifier, "Requests of this team."),
                    .query("status", .text(like: "[1-5]([0-9][0-9]|xx)"), "With this status, or of this class: `4xx`."),
                ] + Parameter.page,
                replies: [.ok("A page of requests.", .page(of: .named("RecentRequest")))]
            )
        ],
        schemas: [
            (
                "RecentRequest",
                .object([
                    .init("id", .text), .init("at", .time), .init("request_id", .text), .init("team", .text.orNull),
                    .init("key", .text.orNull), .init("method", .text), .init("path", .text),
                    .init("status", Schema.integer(100...599).about("499 when the client left before its reply.")),
                    .init("cache_status", .text.orNull.about("The value of `Cache-Status` without the cache's name.")),
                    .init("document_id", .text.orNull), .init("model", .text.orNull), .init("charged", .credits),
                    .init("saved", .credits), .init("duration_ms", .milliseconds),
                    .init("upstream_ms", Schema.milliseconds.orNull),
                    .init("error", .text.orNull.about("The code of the gateway's own error.")),
                ])
            )
        ]
    )
}
