import Alerting
import Budgeting

extension APIPart {
    static let alerts = APIPart(
        tag: "alerts",
        text: "What operators were told of.",
        operations: [
            Operation(
                .get,
                "/admin/v1/alerts",
                "listAlerts",
                "Lists the alerts, newest first",
                "With what became of them. They stay listed for 90 days.",
                role: .viewer,
                parameters: Parameter.page,
                replies: [.ok("A page of alerts.", .page(of: .named("Alert")))]
            ),
            Operation(
                .post,
                "/admin/v1/alerts/test",
                "testAlerts",
                "Sends one alert of type `test`",
                "At once, and answers what the receiver said.",
                role: .admin,
                body: Operation.Body(.form([]), isRequired: false),
                replies: [
                    .ok("What the receiver said.", .named("AlertTest"), example: example),
                    .conflict("`conflict`: no webhook is configured."),
                ]
            ),
        ],
        schemas: [
            (
                "Alert",
                .object([
                    .init("id", .numeral), .init("type", .choice(AlertKind.self)), .init("at", .time),
                    .init("team", .text.orNull), .init("window", Schema.choice(BudgetWindow.self).orNull),
                    .init("threshold", Schema.number.orNull), .init("credits", Schema.credits.orNull),
                    .init("spent", Schema.credits.orNull), .init("text", .text.about("A line for people.")),
                    .init("state", .choice(AlertState.self)), .init("attempts", .count),
                    .init("tried_at", Schema.time.orNull), .init("detail", .text.orNull),
                ])
                .about("With further members that its type has.")
            ),
            (
                "AlertTest",
                .object([
                    .init("delivered", Schema.flag.about("Whether the receiver answered with a 2xx.")),
                    .init("status", Schema.integer(100...599).orNull),
                    .init("answer", .text.orNull.about("The first 1,024 bytes of it.")),
                    .init("error", .text.orNull), .init("duration_ms", .milliseconds),
                ])
            ),
        ]
    )

    private static let example =
        #"{"delivered": true, "status": 200, "answer": "ok", "error": null, "duration_ms": 41.207}"#
}
